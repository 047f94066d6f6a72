// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/codec/error.h"
#include "limitnet/nn/model-file-torch.h"
#include "limitnet/nn/networks-torch.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace limitnet;

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
