// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/data/archive.h"
#include "tests/data/test-folder.h"

#include <cstring>
#include <gtest/gtest.h>

namespace limitnet
{
namespace
{

/** One entry in the old tar format (POSIX.1-1988), made by hand: no program packs an entry such as
 * "../x". \param type 0: a file, 1: a hard link, 2: a symbolic one, 5: a folder, 6: a pipe */
std::string
EntryOf(const std::string& name,
        const std::string& content,
        char type = '0',
        const std::string& target = "")
{
    std::string header(512, '\0');
    header.replace(0, name.size(), name);
    header.replace(100, 7, "0000644");
    header.replace(108, 7, "0000000");
    header.replace(116, 7, "0000000");
    char size[13];
    std::snprintf(size, sizeof size, "%011zo", content.size());
    header.replace(124, 11, size, 11);
    header.replace(136, 11, "00000000000");
    header.replace(148, 8, "        ");
    header[156] = type;
    header.replace(157, target.size(), target);
    unsigned sum = 0;
    for (const char c : header)
    {
        sum += static_cast<unsigned char>(c);
    }
    char digits[8];
    std::snprintf(digits, sizeof digits, "%06o", sum);
    header.replace(148, 7, digits, 7);
    std::string body = content;
    body.resize((content.size() + 511) / 512 * 512, '\0');
    return header + body;
}

const std::string TAR_END(1024, '\0');

std::string
TarOf(const std::string& name, const std::string& content)
{
    return EntryOf(name, content) + TAR_END;
}

TEST(Archive, UnpacksPlainAndCompressed)
{
    const TestFolder folder;
    folder.Write("in/top/a.txt", std::string("one"));
    folder.Write("in/top/deep/b.txt", std::string(300000, 'x'));
    std::filesystem::create_symlink("deep/b.txt", folder.Path() / "in/top/link");
    std::filesystem::create_symlink("deep", folder.Path() / "in/top/deep2");
    std::filesystem::create_hard_link(folder.Path() / "in/top/a.txt", folder.Path() / "in/top/c");
    for (const std::string ending : {".tar", ".tar.gz", ".tar.xz"})
    {
        const auto archive = folder.Path() / ("x" + ending);
        Pack(folder.Path() / "in", "top", archive);
        const auto out = folder.Path() / ("out" + ending);
        ExtractArchive(archive, out);
        EXPECT_EQ(ReadText(out / "top/a.txt"), "one");
        EXPECT_EQ(ReadText(out / "top/deep/b.txt"), std::string(300000, 'x'));
        EXPECT_EQ(ReadText(out / "top/link"), std::string(300000, 'x'));
        EXPECT_EQ(ReadText(out / "top/deep2/b.txt"), std::string(300000, 'x'));
        EXPECT_EQ(ReadText(out / "top/c"), "one");
        EXPECT_TRUE(std::filesystem::is_regular_file(out / "top/link"));
    }
}

TEST(Archive, LinksAreWhatTheyLeadTo)
{
    const TestFolder folder;
    // To each other, before what they lead to, and to a name that comes twice.
    const auto archive = folder.Write(
        "x.tar",
        EntryOf("s/first", "", '2', "../second") + EntryOf("second", "", '2', "real/a") +
            EntryOf("hard", "", '1', "real/a") + EntryOf("real", "", '5') +
            EntryOf("real/a", "one") + EntryOf("folder", "", '2', "s/../real") +
            EntryOf("through", "", '2', "folder/a") + EntryOf("was-link", "", '2', "real/a") +
            EntryOf("was-link", "own") + TAR_END);
    const auto out = folder.Path() / "out";
    ExtractArchive(archive, out);
    for (const char* name : {"s/first", "second", "hard", "real/a", "folder/a", "through"})
    {
        EXPECT_EQ(ReadText(out / name), "one") << name;
    }
    EXPECT_EQ(ReadText(out / "was-link"), "own");
}

TEST(Archive, LinksThatLeadOutOfItAreRefused)
{
    const TestFolder folder;
    const auto file = EntryOf("a/b", "text");
    const std::vector<std::pair<std::string, std::string>> bad{
        {EntryOf("x", "", '2', "/etc/passwd"), "/etc/passwd"},
        {EntryOf("x", "", '2', "../passwd"), "../passwd"},
        {EntryOf("a/x", "", '2', "../../passwd"), "../../passwd"},
        {EntryOf("x", "", '1', "../passwd"), "../passwd"},
        {EntryOf("x", "", '2', "missing"), "missing"},
        {EntryOf("x", "", '1', "missing"), "missing"},
        {EntryOf("x", "", '2', "y") + EntryOf("y", "", '2', "x"), "link"},
        {EntryOf("x", "", '2', "."), "link"},
        {EntryOf("a/x", "", '2', "../a"), "link"},
        {EntryOf("x", "", '6'), "neither"}};
    for (const auto& [entry, word] : bad)
    {
        const auto archive = folder.Write("bad.tar", file + entry + TAR_END);
        ExpectLine(ErrorOf([&]() { ExtractArchive(archive, folder.Path() / "out"); }),
                   {"bad.tar", "x", word});
    }
}

TEST(Archive, NamesNeedNoLanguage)
{
    // In the C locale, names with other letters come as UTF-8 from pax headers.
    const TestFolder folder;
    const std::string name = "caf\xC3\xA9.jpg";
    folder.Write("in/" + name, std::string("text"));
    const auto archive = folder.Path() / "x.tar";
    ASSERT_TRUE(RunProcess({"tar",
                            "--format=pax",
                            "-C",
                            (folder.Path() / "in").string(),
                            "-cf",
                            archive.string(),
                            name})
                    .Ok());
    ExtractArchive(archive, folder.Path() / "out");
    EXPECT_EQ(ReadText(folder.Path() / "out" / name), "text");
}

TEST(Archive, LongNamesAreUnpackedToo)
{
    const TestFolder folder;
    const TestVariable cache("XDG_CACHE_HOME", (folder.Path() / "cache").string());
    const auto archive = folder.Write(std::string(251, 'x') + ".tar", TarOf("a.txt", "one"));
    EXPECT_EQ(ReadText(ExtractOnce(archive) / "a.txt"), "one");
}

TEST(Archive, RefusesEntriesThatLeaveTheFolder)
{
    const TestFolder folder;
    for (const std::string name : {"../x", "/limitnet-x", "a/../../x"})
    {
        const auto archive = folder.Write("bad.tar", TarOf(name, "text"));
        ExpectLine(ErrorOf([&]() { ExtractArchive(archive, folder.Path() / "out"); }),
                   {"bad.tar", name});
        EXPECT_FALSE(std::filesystem::exists(folder.Path() / "x"));
    }
    ExtractArchive(folder.Write("good.tar", TarOf("a/../x", "text")), folder.Path() / "out");
    EXPECT_EQ(ReadText(folder.Path() / "out/x"), "text");
}

TEST(Archive, DamageIsOneClearLine)
{
    const TestFolder folder;
    folder.Write("in/top/a.txt", std::string(50000, 'x') + "end");
    const auto whole = folder.Path() / "x.tar.gz";
    Pack(folder.Path() / "in", "top", whole);
    const std::string bytes = ReadText(whole);
    const auto cut = folder.Write("cut.tar.gz", bytes.substr(0, bytes.size() / 2));
    ExpectLine(ErrorOf([&]() { ExtractArchive(cut, folder.Path() / "out"); }), {"cut.tar.gz"});
    const auto text = folder.Write("text.tar", std::string("no archive at all"));
    ExpectLine(ErrorOf([&]() { ExtractArchive(text, folder.Path() / "out"); }), {"text.tar"});
    ExpectLine(ErrorOf([&]() { ExtractArchive(folder.Path() / "no.tar", folder.Path() / "out"); }),
               {"no.tar"});
}

TEST(Archive, UnpacksOnceUntilTheArchiveChanges)
{
    const TestFolder folder;
    const TestVariable cache("XDG_CACHE_HOME", (folder.Path() / "cache").string());
    const auto archive = folder.Write("x.tar", TarOf("a.txt", "one"));
    const auto first = ExtractOnce(archive);
    EXPECT_EQ(ReadText(first / "a.txt"), "one");
    const auto time = std::filesystem::last_write_time(first / "a.txt");
    EXPECT_EQ(ExtractOnce(archive), first);
    EXPECT_EQ(std::filesystem::last_write_time(first / "a.txt"), time);

    folder.Write("x.tar", TarOf("a.txt", "changed"));
    const auto second = ExtractOnce(archive);
    EXPECT_NE(second, first);
    EXPECT_EQ(ReadText(second / "a.txt"), "changed");
}

TEST(Archive, DamagedArchiveLeavesNothingInTheCache)
{
    const TestFolder folder;
    const TestVariable cache("XDG_CACHE_HOME", (folder.Path() / "cache").string());
    const std::string whole = TarOf("a.txt", std::string(5000, 'x'));
    const auto archive = folder.Write("x.tar", whole.substr(0, 1500));
    EXPECT_THROW(ExtractOnce(archive), Error);
    EXPECT_TRUE(NamesIn(folder.Path() / "cache/limitnet/unpacked").empty());
}

} // namespace
} // namespace limitnet
