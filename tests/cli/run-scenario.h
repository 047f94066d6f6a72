// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_TESTS_CLI_RUN_SCENARIO_H
#define LIMITNET_TESTS_CLI_RUN_SCENARIO_H

#include "tests/cli/run-command.h"

#include <map>
#include <string>
#include <vector>

namespace limitnet
{

/**
 * Runs a small scenario of a program that offloads images.
 *
 * \param links of the program: limitnet-LINKS-scenario
 * \param folder where its results go
 * \param arguments --key=value each
 * \return what it gave
 */
inline ProgramRun
RunScenario(const std::string& links, const TestFolder& folder, std::vector<std::string> arguments)
{
    // Each key once, with "=value": what a test says replaces what is here.
    std::map<std::string, std::string> keys{{"--images.per_device", "=1"},
                                            {"--images.period_s", "=60"},
                                            {"--devices.count", "=2"},
                                            {"--devices.radius_m", "=800"},
                                            {"--scenario.duration_s", "=400"},
                                            {"--accuracy.times_s", "=5,60,300"},
                                            {"--cloud.cache", "=none"},
                                            {"--plot", "=false"}};
    for (const auto& argument : arguments)
    {
        const auto equals = argument.find('=');
        keys[argument.substr(0, equals)] =
            equals == std::string::npos ? "" : argument.substr(equals);
    }
    std::vector<std::string> command{std::string(LIMITNET_TEST_BIN_DIR) + "/limitnet-" + links +
                                         "-scenario",
                                     "--out=" + folder.Path().string()};
    for (const auto& [key, value] : keys)
    {
        command.push_back(key + value);
    }
    return RunCommand(command);
}

} // namespace limitnet

#endif // LIMITNET_TESTS_CLI_RUN_SCENARIO_H
