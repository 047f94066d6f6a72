// SPDX-License-Identifier: GPL-2.0-only

// The command `limitnet data` alone; see limitnet/CMakeLists.txt.

#include "limitnet/cli/command.h"

#include <exception>
#include <iostream>

int
main(int argc, char* argv[])
{
    try
    {
        return limitnet::RunData({argv + 1, argv + argc});
    }
    catch (const std::exception& error)
    {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
