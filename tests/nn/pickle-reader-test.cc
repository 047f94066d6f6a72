// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/nn/pickle-reader.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace limitnet;
using namespace std::string_literals;
using Kind = PickleValue::Kind;

namespace
{

/** A pickle of protocol 2 from what stands between its first and its last instruction. */
std::string
Protocol2(const std::string& body)
{
    return "\x80\x02" + body + '.';
}

/** The message of the Error that reading throws; empty when it throws none. */
std::string
Message(const std::string& bytes)
{
    try
    {
        const PickleTree tree(bytes);
        return "";
    }
    catch (const Error& error)
    {
        return error.what();
    }
}

/** Little-endian length of 4 bytes. */
std::string
Length4(uint32_t n)
{
    return {static_cast<char>(n),
            static_cast<char>(n >> 8),
            static_cast<char>(n >> 16),
            static_cast<char>(n >> 24)};
}

std::string
Unicode(const std::string& text)
{
    return 'X' + Length4(static_cast<uint32_t>(text.size())) + text;
}

/** What Python's pickle writes at protocol 2 for
 * `OrderedDict([("w", _rebuild_tensor_v2(storage "0" of 6 floats, 1, (2, 2), (2, 1), False,
 * {}))])`.
 */
std::string
GoodCheckpoint()
{
    return Protocol2("ccollections\nOrderedDict\nq\0)Rq\1("s + Unicode("w") +
                     "q\2ctorch._utils\n_rebuild_tensor_v2\nq\3(("s + Unicode("storage") +
                     "ctorch\nFloatStorage\n" + Unicode("0") + Unicode("cpu") + "K\6tQK\1"s +
                     "K\2K\2\x86K\2K\1\x86\x89h\0)RtRu"s);
}

} // namespace

// The bytes are those of the description in CPython's pickletools, written by hand.
TEST(PickleReaderTest, ReadsPlainValues)
{
    const PickleTree tree(Protocol2("]q\0(NK\xffM\x34\x12J\xfe\xff\xff\xff\x8a\1\x80\x8a\0"s +
                                    "G\x3f\xf8\0\0\0\0\0\0\x88\x89"s + Unicode("\xc3\xa9") +
                                    "U\2ab"s + "K\1K\2\x86}"s + Unicode("k") + "K\3s" + "h\0e"s));
    const auto& items = tree.Root().items;
    ASSERT_EQ(tree.Root().kind, Kind::LIST);
    ASSERT_EQ(items.size(), 14U);
    EXPECT_EQ(items[13], &tree.Root());
    EXPECT_EQ(items[0]->kind, Kind::NONE);
    EXPECT_EQ(items[1]->integer, 255);
    EXPECT_EQ(items[2]->integer, 0x1234);
    EXPECT_EQ(items[3]->integer, -2);
    EXPECT_EQ(items[4]->integer, -128);
    EXPECT_EQ(items[5]->integer, 0);
    EXPECT_EQ(items[6]->number, 1.5);
    EXPECT_EQ(items[7]->kind, Kind::BOOL);
    EXPECT_EQ(items[7]->integer, 1);
    EXPECT_EQ(items[8]->integer, 0);
    EXPECT_EQ(items[9]->text, "\xc3\xa9");
    EXPECT_EQ(items[10]->text, "ab");
    ASSERT_EQ(items[11]->kind, Kind::TUPLE);
    EXPECT_EQ(items[11]->items[1]->integer, 2);
    ASSERT_EQ(items[12]->kind, Kind::DICT);
    ASSERT_NE(items[12]->Find("k"), nullptr);
    EXPECT_EQ(items[12]->Find("k")->integer, 3);
    EXPECT_EQ(items[12]->Find("other"), nullptr);
}

TEST(PickleReaderTest, ReadsAListThatContainsItself)
{
    const PickleTree tree(Protocol2("]q\0h\0a"s));
    ASSERT_EQ(tree.Root().items.size(), 1U);
    EXPECT_EQ(tree.Root().items[0], &tree.Root());
}

TEST(PickleReaderTest, ReadsTensorsAsViews)
{
    const auto bytes = GoodCheckpoint();
    const PickleTree tree(bytes + "more");
    EXPECT_EQ(tree.Size(), bytes.size());
    const auto* w = tree.Root().Find("w");
    ASSERT_NE(w, nullptr);
    ASSERT_EQ(w->kind, Kind::TENSOR);
    const auto parts = PickleTensor::Of(*w);
    EXPECT_EQ(parts.storage->text, "0");
    EXPECT_EQ(parts.storage->integer, 6);
    EXPECT_EQ(parts.storage->elementType, ElementType::FLOAT32);
    EXPECT_EQ(parts.offset, 1);
    EXPECT_EQ(parts.size, (std::vector<int64_t>{2, 2}));
    EXPECT_EQ(parts.stride, (std::vector<int64_t>{2, 1}));
    EXPECT_EQ(tree.Storages().size(), 1U);
}

// Every way in which a pickle can name what it calls.
TEST(PickleReaderTest, RefusesUnknownNamesAndSaysThem)
{
    const auto command = Unicode("touch executed");
    const std::vector<std::pair<std::string, std::string>> hostile{
        {"posix.system", Protocol2("cposix\nsystem\n" + command + "\x85R")},
        {"os.system", Protocol2("(" + command + "ios\nsystem\n")},
        {"subprocess.Popen", Protocol2("(csubprocess\nPopen\n" + command + "o")},
        {"builtins.eval",
         "\x80\x04" + Unicode("builtins") + Unicode("eval") + "\x93" + command + "\x85R."},
        {"builtins.exec", Protocol2("cbuiltins\nexec\n" + command + "\x85R")},
        {"__builtin__.getattr", Protocol2("c__builtin__\ngetattr\n")},
        {"builtins.__import__", Protocol2("cbuiltins\n__import__\n)\x81")},
        {"torch.load", Protocol2("ctorch\nload\n)R")},
        {"torch.nn.modules.module.os.system", Protocol2("ctorch.nn.modules.module\nos.system\n")},
        {"collections.OrderedDict.__init__",
         "\x80\x04" + Unicode("collections") + Unicode("OrderedDict.__init__") + "\x93."},
        {"numpy.load", Protocol2("cnumpy\nload\n)R")},
        {"models.model.os", Protocol2("cmodels.model\nos\n")},
        {"extension registry", Protocol2("\x82\x01")},
        // Deep inside what is otherwise good.
        {"nt.system",
         Protocol2("cmodels.model\nLimitNet\n)\x81}" + Unicode("_modules") +
                   "ccollections\nOrderedDict\n)R" + Unicode("x") + "cnt\nsystem\n" + command +
                   "\x85Rssb")},
    };
    for (const auto& [name, bytes] : hostile)
    {
        const auto message = Message(bytes);
        EXPECT_NE(message.find("refused"), std::string::npos) << name << ": " << message;
        EXPECT_NE(message.find(name), std::string::npos) << name << ": " << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << name;
    }
}

TEST(PickleReaderTest, ShowsNoControlCharactersOfANameItRefuses)
{
    const auto message = Message(Protocol2("c\x1b[2Jevil\n\x07name\n"));
    EXPECT_NE(message.find("?[2Jevil.?name"), std::string::npos) << message;
    const auto longName = Message(Protocol2("c" + std::string(100000, 'a') + "\nb\n"));
    EXPECT_LT(longName.size(), 300U);
}

TEST(PickleReaderTest, ClassesOfTheListBecomeInertObjects)
{
    const PickleTree tree(Protocol2("ctorch\ndevice\n" + Unicode("cuda") + "K\0\x86R"s));
    EXPECT_EQ(tree.Root().kind, Kind::OBJECT);
    EXPECT_EQ(tree.Root().text, "torch.device");
    ASSERT_NE(tree.Root().args, nullptr);
    EXPECT_EQ(tree.Root().args->items[0]->text, "cuda");
    EXPECT_TRUE(PickleTree::Accepts("models.model.LimitNet"));
    // What Lightning's checkpoints have beside the tensors, by the versions that wrote them.
    for (const char* name : {"pathlib.PosixPath",
                             "pathlib.WindowsPath",
                             "pathlib._local.PosixPath",
                             "pathlib._local.WindowsPath",
                             "collections.Counter",
                             "torch.torch_version.TorchVersion",
                             "numpy._core.multiarray.scalar",
                             "numpy.core.multiarray._reconstruct"})
    {
        EXPECT_TRUE(PickleTree::Accepts(name)) << name;
    }
    EXPECT_FALSE(PickleTree::Accepts("models.model"));
    EXPECT_FALSE(PickleTree::Accepts(""));
}

TEST(PickleReaderTest, RefusesWhatIsMalformed)
{
    for (const auto& bytes : {
             ""s,
             "."s,
             "\x80\x02."s,                        // nothing on the stack
             "\x80\x01N."s,                       // protocol 1
             "\x80\x06N."s,                       // protocol 6
             Protocol2("K\1a"s),                  // append without a list
             Protocol2("K\1K\2a"s),               // append to a number
             Protocol2("}K\1(K\2u"s),             // a key without a value
             Protocol2("K\1t"s),                  // tuple without a mark
             Protocol2("(K\1"s + "K\2\x86\x87"s), // three of one
             Protocol2("h\7"s),                   // not remembered
             Protocol2("K\1)R"s),                 // calls a number
             Protocol2("N}b"s),                   // attributes of None
             Protocol2("NQ"s),                    // a reference that is none
             Protocol2("ctorch._utils\n_rebuild_tensor_v2\n)R"s),
             Protocol2("ctorch._utils\n_rebuild_parameter\nN\x85R"s),
             Protocol2("X\xff\xff\xff\xff"s), // a text of 4 GiB
             Protocol2("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"s),
             Protocol2("\x95\xff\xff\xff\xff\xff\xff\xff\xff"s),
             Protocol2("\x8b\xff\xff\xff\xff"s),
             Protocol2("I1\n"s), // protocol 0
         })
    {
        EXPECT_NE(Message(bytes), "");
    }
}

TEST(PickleReaderTest, NestingNeedsNoStack)
{
    constexpr int DEPTH = 300000;
    std::string body(DEPTH, ']');
    body.append(DEPTH - 1, 'a');
    const PickleTree lists(Protocol2(body));
    int depth = 1;
    for (const auto* at = &lists.Root(); !at->items.empty(); at = at->items[0])
    {
        ++depth;
    }
    EXPECT_EQ(depth, DEPTH);
    EXPECT_NE(Message(Protocol2(std::string(DEPTH, '('))), "");
}

TEST(PickleReaderTest, MemoryIsBounded)
{
    // A list of 10,000, made into a set again and again: 100 MB from each 10 KiB of file.
    auto body = "](" + std::string(10000, 'N') + "eq\0cbuiltins\nset\nq\1"s;
    std::string again;
    for (int i = 0; i < 10000; ++i)
    {
        again += "h\1h\0\x85R"s;
    }
    EXPECT_NE(Message(Protocol2(body + again)).find("MiB of memory"), std::string::npos);
}

TEST(PickleReaderTest, EveryTruncationIsAnError)
{
    const auto good = GoodCheckpoint();
    ASSERT_EQ(Message(good), "");
    for (size_t size = 0; size < good.size(); ++size)
    {
        EXPECT_NE(Message(good.substr(0, size)), "") << size;
    }
}

TEST(PickleReaderTest, AnyBytesGiveATreeOrAnError)
{
    std::mt19937 random(1);
    const auto good = GoodCheckpoint();
    int trees = 0;
    int errors = 0;
    for (int i = 0; i < 50000; ++i)
    {
        auto bytes = good;
        for (auto changes = 1 + random() % 4; changes > 0; --changes)
        {
            const auto at = random() % bytes.size();
            switch (random() % 3)
            {
            case 0:
                bytes[at] = static_cast<char>(random());
                break;
            case 1:
                bytes.erase(at, 1 + random() % 3);
                break;
            default:
                bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 20));
            }
        }
        ++(Message(bytes).empty() ? trees : errors);
    }
    EXPECT_GT(trees, 500);
    EXPECT_GT(errors, 1000);
}
