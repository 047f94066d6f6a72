// SPDX-License-Identifier: GPL-2.0-only

// What a device does with a picture, as a program: rows into the int8 encoder, the importance
// order, all fragments printed as hexadecimal. Built for the host and for Cortex-M, whose output
// has to be the same but for the lines that begin with `device`: memory and instructions.
// MODEL_FILE is the .int8 file, embedded by the assembler.

#include "limitnet/codec/fragmenter.h"
#include "limitnet/codec/importance-order.h"
#include "limitnet/codec/int8-encoder.h"
#include "limitnet/codec/int8-model.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <new>

// clang-format off
__asm__(".section .rodata\n"
        ".balign 4\n"
        ".global g_modelBegin\n"
        "g_modelBegin:\n"
        ".incbin \"" MODEL_FILE "\"\n"
        ".global g_modelEnd\n"
        "g_modelEnd:\n"
        ".byte 0\n"
        ".text\n");
// clang-format on

extern "C" const uint8_t g_modelBegin[];
extern "C" const uint8_t g_modelEnd[];

namespace
{

using namespace limitnet;

/// How many instructions one tick of the SysTick is: QEMU's virtual time advances 1 ns for each
/// instruction (-icount shift=0), and mps2's SysTick counts at 25 MHz.
[[maybe_unused]] constexpr uint32_t INSTRUCTIONS_PER_TICK = 40;

/// Instructions so far, modulo 2^24 ticks.
uint32_t
Ticks()
{
#ifdef __arm__
    return 0xFFFFFF - *reinterpret_cast<volatile uint32_t*>(0xE000E018);
#else
    return 0;
#endif
}

void
StartTicks()
{
#ifdef __arm__
    *reinterpret_cast<volatile uint32_t*>(0xE000E014) = 0xFFFFFF; // reload
    *reinterpret_cast<volatile uint32_t*>(0xE000E018) = 0;        // current
    *reinterpret_cast<volatile uint32_t*>(0xE000E010) = 5;        // processor's clock, no interrupt
#endif
}

/// Time in each layer. Rows nest: the last row that a layer needs is followed at once by a row of
/// the next one, after the first one's hook.
struct Stages
{
    std::array<uint32_t, INT8_LAYERS> ticks{};
    uint32_t start = 0;
    int layer = 0;
};

void
OnRow(int layer, void* context)
{
    auto& stages = *static_cast<Stages*>(context);
    const uint32_t now = Ticks();
    if (layer == INT8_LAYERS)
    {
        stages.ticks[stages.layer] += (now - stages.start) & 0xFFFFFF;
    }
    stages.layer = layer;
    stages.start = now;
}

/// A row of the synthetic picture: coloured waves with a bright disc and some noise.
void
MakeRow(int y, uint8_t* rgb)
{
    uint32_t noise = static_cast<uint32_t>(y) * 2654435761U + 1;
    for (int x = 0; x < INT8_PICTURE_SIDE; ++x)
    {
        const int dx = x - 90;
        const int dy = y - 120;
        const bool disc = dx * dx + dy * dy < 50 * 50;
        for (int c = 0; c < 3; ++c)
        {
            noise = noise * 1664525U + 1013904223U;
            const int wave = (x * (c + 1) + y * (3 - c)) & 127;
            const int base = disc ? 200 - 40 * c : 40 + wave;
            rgb[3 * x + c] = static_cast<uint8_t>(base + static_cast<int>(noise >> 28));
        }
    }
}

[[maybe_unused]] void
PrintCount(const char* stage, uint32_t ticks, uint32_t operations)
{
    const auto instructions = static_cast<unsigned long>(ticks) * INSTRUCTIONS_PER_TICK;
    std::printf(
        "device instructions %s %lu for %lu operations: %lu.%03lu each\n",
        stage,
        instructions,
        static_cast<unsigned long>(operations),
        instructions / operations,
        static_cast<unsigned long>(uint64_t{instructions % operations} * 1000 / operations));
}

#ifdef __arm__
constexpr uint32_t STACK_PAINT = 0xC5C5C5C5;
constexpr uintptr_t PAINTED_BYTES = 32 * 1024;

volatile uint32_t&
StackWord(uintptr_t address)
{
    return *reinterpret_cast<volatile uint32_t*>(address);
}

/// Fills what lies below the stack, so that StackPeak() sees how far it went.
/// \return the stack pointer.
[[gnu::noinline]] uintptr_t
PaintStack()
{
    uintptr_t top = 0;
    __asm__ volatile("mov %0, sp" : "=r"(top));
    for (uintptr_t a = top - PAINTED_BYTES; a < top - 64; a += 4)
    {
        StackWord(a) = STACK_PAINT;
    }
    return top;
}

/// \return bytes of the stack that have been used since PaintStack(), which gave `top`.
uint32_t
StackPeak(uintptr_t top)
{
    uintptr_t a = top - PAINTED_BYTES;
    while (a < top && StackWord(a) == STACK_PAINT)
    {
        a += 4;
    }
    return static_cast<uint32_t>(top - a);
}
#endif

// All of the device's state, so that the linker's figures show it.
alignas(8) std::array<uint8_t, sizeof(Int8Encoder)> g_encoderRoom;
alignas(8) std::array<uint8_t, sizeof(Fragmenter)> g_fragmenterRoom;
std::array<uint8_t, 3 * INT8_PICTURE_SIDE> g_row;
std::array<uint8_t, 222> g_fragment;

} // namespace

int
main()
{
    static const Int8Model model =
        Int8Model::Parse(g_modelBegin, static_cast<size_t>(g_modelEnd - g_modelBegin));
    auto& encoder = *new (g_encoderRoom.data()) Int8Encoder(model);
    auto& fragmenter = *new (g_fragmenterRoom.data()) Fragmenter(model.entropy, model.modelId);
    Stages stages;
    encoder.SetRowHook(OnRow, &stages);
    StartTicks();
#ifdef __arm__
    const uintptr_t stackTop = PaintStack();
#endif

    encoder.Begin();
    for (int y = 0; y < INT8_PICTURE_SIDE; ++y)
    {
        MakeRow(y, g_row.data());
        encoder.AddRow(g_row.data());
    }
    uint32_t from = Ticks();
    const SaliencyMap map = encoder.Map();
    [[maybe_unused]] const uint32_t mapTicks = (Ticks() - from) & 0xFFFFFF;

    FragmentOptions options;
    options.imageId = 7;
    options.maxFragmentBytes = g_fragment.size();
    options.mapCopies = 2;
    from = Ticks();
    fragmenter.Begin(map, encoder.Symbols(), options);
    [[maybe_unused]] const uint32_t orderTicks = (Ticks() - from) & 0xFFFFFF;

#ifdef __arm__
    const uint32_t stack =
        StackPeak(stackTop); // printing, which is not the device's business, comes after
#endif
    uint32_t entropyTicks = 0;
    for (;;)
    {
        from = Ticks();
        const size_t size = fragmenter.Next(g_fragment.data());
        entropyTicks += (Ticks() - from) & 0xFFFFFF;
        if (size == 0)
        {
            break;
        }
        for (size_t i = 0; i < size; ++i)
        {
            std::printf("%02x", g_fragment[i]);
        }
        std::printf("\n");
    }
#ifdef __arm__
    const char* const names[] = {"conv1", "conv2", "conv3"};
    uint32_t saliencyTicks = 0;
    uint32_t saliencyOperations = 0;
    for (int l = 0; l < INT8_LAYERS; ++l)
    {
        const Int8Shape& shape = INT8_SHAPES[l];
        const auto operations = static_cast<uint32_t>(shape.outputSide) * shape.outputSide *
                                shape.outputs * shape.Taps();
        if (l < INT8_ENCODER_LAYERS)
        {
            PrintCount(names[l], stages.ticks[l], operations);
            continue;
        }
        saliencyTicks += stages.ticks[l];
        saliencyOperations += operations;
    }
    PrintCount("saliency", saliencyTicks, saliencyOperations);
    PrintCount("map", mapTicks, LATENT_CELLS);
    PrintCount("order", orderTicks, LATENT_SIZE);
    PrintCount("entropy", entropyTicks, LATENT_SIZE);
    std::printf("device memory encoder %u fragmenter %u model %u stack %u\n",
                static_cast<unsigned>(sizeof(Int8Encoder)),
                static_cast<unsigned>(sizeof(Fragmenter)),
                static_cast<unsigned>(sizeof(Int8Model)),
                static_cast<unsigned>(stack));
#endif
    return 0;
}
