// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/checksum.h"
#include "tests/data/test-folder.h"

#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

TEST(Checksum, PublishedValues)
{
    const TestFolder folder;
    // RFC 1321, A.5.
    EXPECT_EQ(Md5OfFile(folder.Write("empty", std::string())), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(Md5OfFile(folder.Write("text", std::string("message digest"))),
              "f96b697d7cb7938d525a2f31aaf161d0");
    // FIPS 180-4 examples: "abc", and a million times "a".
    EXPECT_EQ(Sha256OfFiles({folder.Write("abc", std::string("abc"))}),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const auto half = folder.Write("half", std::string(500000, 'a'));
    EXPECT_EQ(Sha256OfFiles({half, half}),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Checksum, MissingFile)
{
    const TestFolder folder;
    ExpectLine(ErrorOf([&]() { Md5OfFile(folder.Path() / "none"); }), {"none"});
    ExpectLine(ErrorOf([&]() { Sha256OfFiles({folder.Path() / "none"}); }), {"none"});
}

} // namespace
} // namespace limitnet
