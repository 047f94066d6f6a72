// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/byte-order-mark.h"

#include <string>

namespace limitnet
{

void
SkipByteOrderMark(std::istream& in)
{
    const std::string mark = "\xEF\xBB\xBF";
    if (in.peek() != std::istream::traits_type::to_int_type(mark.front()))
    {
        return;
    }
    std::string start(mark.size(), '\0');
    if (!in.read(start.data(), static_cast<std::streamsize>(start.size())) || start != mark)
    {
        in.clear();
        in.seekg(0);
    }
}

} // namespace limitnet
