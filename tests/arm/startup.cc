// SPDX-License-Identifier: GPL-2.0-only

// Vector table and reset of a Cortex-M on QEMU's mps2 machines: turns the floating-point unit on
// and goes on in newlib's start-up code, whose input and output are semihosting.

#include <cstdint>

extern "C" void _start();
extern "C" uint32_t g_stackTop; // from device.ld

extern "C" [[noreturn]] void
Reset()
{
    *reinterpret_cast<volatile uint32_t*>(0xE000ED88) |= 0xF00000; // CPACR: CP10, CP11
    __asm__ volatile("dsb\n isb");
    _start();
    for (;;)
    {
    }
}

/// A fault ends the program with an error: semihosting's SYS_EXIT with a run-time error.
extern "C" [[noreturn]] void
Fault()
{
    __asm__ volatile("mov r0, #0x18\n mov r1, #0x20000\n add r1, r1, #0x23\n bkpt 0xab");
    for (;;)
    {
    }
}

using Handler = void (*)();

[[gnu::section(".vectors"), gnu::used]] const Handler VECTORS[16] =
    {reinterpret_cast<Handler>(&g_stackTop), Reset, Fault, Fault, Fault, Fault, Fault};
