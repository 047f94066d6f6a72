// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TRAINING_OPTION_LIST_H
#define LIMITNET_TRAINING_OPTION_LIST_H

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * The options of a trainer, described once: the program `limitnet` hands them to
 * Boost.Program_options, and the trainer that is built with nothing but LibTorch parses them
 * itself.
 */
class OptionList
{
  public:
    /** One option, on the command line `--name=value` or `--name value`. */
    struct Option
    {
        std::string name;
        std::string help;
        std::string defaultText; //!< what --help shows; empty: no default
        bool repeated = false;   //!< may be given several times
        bool required = false;
        /** Takes a value. \throws Error when it is none of the option's type */
        std::function<void(const std::string& text)> set;
    };

    /** \param name without dashes \param target holds the default, gets the value \param help a
     * line */
    void Add(const std::string& name, int64_t& target, const std::string& help);
    void Add(const std::string& name, int& target, const std::string& help);
    void Add(const std::string& name, uint64_t& target, const std::string& help);
    void Add(const std::string& name, double& target, const std::string& help);
    void Add(const std::string& name, std::string& target, const std::string& help);
    void Add(const std::string& name, std::filesystem::path& target, const std::string& help);
    void Add(const std::string& name, std::vector<std::string>& target, const std::string& help);
    void Add(const std::string& name,
             std::vector<std::filesystem::path>& target,
             const std::string& help);

    /** The option added last has to be given. */
    void Require();

    /** \return all of them, in the order in which they were added */
    const std::vector<Option>& Options() const
    {
        return m_options;
    }

    /**
     * Parse a command line without help of a library.
     *
     * \param arguments `--name=value` or `--name value`
     * \return false when --help or -h is among them, and nothing was set
     * \throws Error naming the argument that is unknown, incomplete, missing or no value
     */
    bool Parse(const std::vector<std::string>& arguments) const;

    /** \return one line for each option, for --help */
    std::string Help() const;

  private:
    template <typename Number>
    void AddNumber(const std::string& name, Number& target, const std::string& help);

    std::vector<Option> m_options;
};

} // namespace limitnet

#endif // LIMITNET_TRAINING_OPTION_LIST_H
