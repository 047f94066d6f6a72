// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/networks-torch.h"

#include <caffe2/serialize/inline_container.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <unistd.h>

using namespace limitnet;
using namespace std::string_literals;

namespace
{

class ModelFileTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        m_folder = std::filesystem::temp_directory_path() /
                   ("limitnet-model-file-test-" + std::to_string(getpid()));
        std::filesystem::create_directories(m_folder);
        m_path = m_folder / "model.pt";
    }

    void TearDown() override
    {
        std::filesystem::remove_all(m_folder);
    }

    /** \return the message of the Error that reading throws, empty when it throws none */
    std::string MessageOfReading(const std::string& kind) const
    {
        try
        {
            ModelFile::Read(m_path, kind);
            return "";
        }
        catch (const Error& error)
        {
            return error.what();
        }
    }

    /** A model file with this pickle, and two storages of some bytes. */
    void WritePickle(const std::string& pickle, size_t storageBytes = 0) const
    {
        caffe2::serialize::PyTorchStreamWriter writer(m_path.string());
        writer.writeRecord("data.pkl", pickle.data(), pickle.size());
        const std::string storage(storageBytes, '\1');
        writer.writeRecord("data/0", storage.data(), storage.size());
        writer.writeRecord("data/1", storage.data(), storage.size());
        writer.writeEndOfFile();
    }

    std::filesystem::path m_folder;
    std::filesystem::path m_path;
};

} // namespace

TEST_F(ModelFileTest, GivesBackWhatItTook)
{
    torch::manual_seed(1);
    LimitNet written;
    ModelFile file;
    file.notes["kind"] = "codec";
    file.Take(*written);
    file.Write(m_path);

    torch::manual_seed(2);
    LimitNet read;
    ModelFile::Read(m_path, "codec").Give(*read, m_path);
    const auto expected = written->named_parameters();
    for (const auto& entry : read->named_parameters())
    {
        EXPECT_TRUE(torch::equal(entry.value(), expected[entry.key()])) << entry.key();
    }
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(m_folder), {}), 1)
        << "the temporary file is gone";
}

TEST_F(ModelFileTest, RefusesWhatIsNoModel)
{
    EXPECT_NE(MessageOfReading("codec").find("no such model file"), std::string::npos);
    std::ofstream(m_path) << "some text";
    EXPECT_NE(MessageOfReading("codec").find("not a model file"), std::string::npos);
}

TEST_F(ModelFileTest, HostilePicklesAreErrors)
{
    // A call with nothing on the stack, of a function that is not there, and no end.
    for (const auto& pickle : {"\x80\x02R."s, "\x80\x02cos\nsystem\n)R."s, "\x80\x02}"s, ""s})
    {
        WritePickle(pickle);
        EXPECT_NE(MessageOfReading("").find("not a model file"), std::string::npos) << pickle;
    }
    // A value is remembered under the highest number: room for all below it would be 64 GB.
    WritePickle("\x80\x02}r\xff\xff\xff\xff."s);
    EXPECT_NE(MessageOfReading("codec").find("no note of its kind"), std::string::npos);
}

TEST_F(ModelFileTest, ChangedPicklesGiveAModelOrAnError)
{
    ModelFile file;
    file.notes["kind"] = "codec";
    file.tensors["a"] = torch::rand({2, 3});
    file.tensors["b"] = torch::rand({5});
    file.Write(m_path);
    std::string pickle;
    {
        caffe2::serialize::PyTorchStreamReader reader(m_path.string());
        const auto [data, size] = reader.getRecord("data.pkl");
        pickle.assign(static_cast<const char*>(data.get()), size);
    }
    std::mt19937 random(3);
    int errors = 0;
    for (int i = 0; i < 1000; ++i)
    {
        auto changed = pickle;
        for (auto changes = 1 + random() % 3; changes > 0; --changes)
        {
            changed[random() % changed.size()] = static_cast<char>(random());
        }
        WritePickle(changed, 24);
        const auto message = MessageOfReading("codec");
        errors += message.empty() ? 0 : 1;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
    EXPECT_GT(errors, 300);
}

TEST_F(ModelFileTest, RefusesAFileCutAnywhere)
{
    ModelFile file;
    file.notes["kind"] = "codec";
    file.tensors["a"] = torch::rand({20, 20});
    file.Write(m_path);
    const auto size = std::filesystem::file_size(m_path);
    for (uintmax_t left = 0; left < size; left += 97)
    {
        std::filesystem::resize_file(m_path, left);
        EXPECT_NE(MessageOfReading("codec").find(m_path.string()), std::string::npos) << left;
        file.Write(m_path);
    }
}

TEST_F(ModelFileTest, RefusesAnotherKindAndANewerFormat)
{
    ModelFile file;
    file.notes["kind"] = "codec";
    file.Write(m_path);
    EXPECT_NE(MessageOfReading("small-classifier").find("kind 'codec'"), std::string::npos);

    c10::impl::GenericDict newer(c10::StringType::get(), c10::AnyType::get());
    newer.insert("note.kind", std::string("codec"));
    newer.insert("note.format", std::string("2"));
    const auto bytes = torch::pickle_save(newer);
    std::ofstream(m_path, std::ios::binary).write(bytes.data(), bytes.size());
    EXPECT_NE(MessageOfReading("codec").find("has format 2"), std::string::npos);
}

TEST_F(ModelFileTest, NamesTheTensorThatIsMissingOrOfAnotherShape)
{
    LimitNet net;
    ModelFile file;
    file.Take(*net);
    file.tensors.erase("encoder.conv2.bias");
    try
    {
        file.Give(*net, m_path);
        FAIL() << "a missing tensor was accepted";
    }
    catch (const Error& error)
    {
        EXPECT_NE(std::string(error.what()).find("encoder.conv2.bias"), std::string::npos);
    }
    file.tensors["encoder.conv2.bias"] = torch::zeros({3});
    EXPECT_THROW(file.Give(*net, m_path), Error);
}
