// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TESTS_DATA_TEST_FOLDER_H
#define LIMITNET_TESTS_DATA_TEST_FOLDER_H

#include "limitnet/data/process.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace limitnet
{

/** A folder of a test, removed at its end. */
class TestFolder
{
  public:
    TestFolder()
    {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "limitnet-test.XXXXXX").string();
        if (!mkdtemp(pattern.data()))
        {
            throw std::runtime_error("no folder for the test");
        }
        m_path = pattern;
    }

    ~TestFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }

    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    const std::filesystem::path& Path() const
    {
        return m_path;
    }

    /** Writes a file, and the folders above it. */
    std::filesystem::path Write(const std::string& name, const std::string& content) const
    {
        const std::filesystem::path file = m_path / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

    std::filesystem::path Write(const std::string& name,
                                const std::vector<std::uint8_t>& content) const
    {
        return Write(name, std::string(content.begin(), content.end()));
    }

  private:
    std::filesystem::path m_path;
};

/** Sets an environment variable, or removes it, for the time of a test. */
class TestVariable
{
  public:
    TestVariable(const std::string& name, const std::optional<std::string>& value)
        : m_name(name)
    {
        if (const char* old = std::getenv(name.c_str()))
        {
            m_old = old;
        }
        Set(value);
    }

    ~TestVariable()
    {
        Set(m_old);
    }

    TestVariable(const TestVariable&) = delete;
    TestVariable& operator=(const TestVariable&) = delete;

  private:
    void Set(const std::optional<std::string>& value)
    {
        if (value)
        {
            setenv(m_name.c_str(), value->c_str(), 1);
        }
        else
        {
            unsetenv(m_name.c_str());
        }
    }

    std::string m_name;
    std::optional<std::string> m_old;
};

inline std::string
ReadText(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/** \return the names in a folder, hidden ones too. */
inline std::vector<std::string>
NamesIn(const std::filesystem::path& folder)
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
    {
        names.push_back(entry.path().filename().string());
    }
    return names;
}

/** Packs what lies in a folder by the program tar; the ending of \p archive says how it is
 * compressed. */
inline void
Pack(const std::filesystem::path& folder,
     const std::string& name,
     const std::filesystem::path& archive)
{
    ASSERT_TRUE(RunProcess({"tar", "-C", folder.string(), "-caf", archive.string(), name}).Ok());
}

/** \return the message of the Error that \p action throws, "" when it throws none. */
template <class Action>
std::string
ErrorOf(Action action)
{
    try
    {
        action();
    }
    catch (const std::exception& error)
    {
        return error.what();
    }
    return {};
}

/** A message is one line and has some words in it. */
inline void
ExpectLine(const std::string& message, const std::vector<std::string>& words)
{
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (const std::string& word : words)
    {
        EXPECT_NE(message.find(word), std::string::npos) << "no '" << word << "' in: " << message;
    }
}

} // namespace limitnet

#endif // LIMITNET_TESTS_DATA_TEST_FOLDER_H
