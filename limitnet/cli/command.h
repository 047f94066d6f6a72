// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_COMMAND_H
#define LIMITNET_CLI_COMMAND_H

#include <boost/program_options.hpp>
#include <optional>
#include <string>
#include <vector>

namespace limitnet
{

/** One of the program's commands: `limitnet NAME ARGUMENTS`. */
struct Command
{
    const char* name;
    const char* summary;
    int (*run)(const std::vector<std::string>& arguments);
};

int RunEncode(const std::vector<std::string>& arguments);
int RunDecode(const std::vector<std::string>& arguments);
int RunInfo(const std::vector<std::string>& arguments);
int RunDemo(const std::vector<std::string>& arguments);
int RunVideo(const std::vector<std::string>& arguments);
int RunTeach(const std::vector<std::string>& arguments);
int RunTrain(const std::vector<std::string>& arguments);
int RunTrainClassifier(const std::vector<std::string>& arguments);
int RunTrainHead(const std::vector<std::string>& arguments);
int RunPack(const std::vector<std::string>& arguments);
int RunParquet(const std::vector<std::string>& arguments);
int RunExport(const std::vector<std::string>& arguments);
int RunEval(const std::vector<std::string>& arguments);
int RunData(const std::vector<std::string>& arguments);
int RunImport(const std::vector<std::string>& arguments);
int RunBitplaneTables(const std::vector<std::string>& arguments);
int RunCalibrate(const std::vector<std::string>& arguments);

/**
 * Parse a command's arguments; `--help` prints the options.
 *
 * \param usage the first line of the help, without "Usage: "
 * \param about what the command does, a line or two
 * \param options the command's options; --help is added
 * \param arguments what follows the command's name
 * \param positional names of the options that take arguments without a name
 * \return the values; nothing when the help was printed
 * \throws Error on an argument that is not understood
 */
std::optional<boost::program_options::variables_map> ParseArguments(
    const std::string& usage,
    const std::string& about,
    boost::program_options::options_description options,
    const std::vector<std::string>& arguments,
    const boost::program_options::positional_options_description& positional = {});

} // namespace limitnet

#endif // LIMITNET_CLI_COMMAND_H
