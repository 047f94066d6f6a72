// SPDX-License-Identifier: GPL-2.0-only
// Each key of each scenario program, moved off its default, changes a result or is refused.
#include "limitnet/scenario/lorawan-cell-options.h"
#include "limitnet/scenario/offloading-options.h"
#include "tests/cli/run-command.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <future>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace limitnet
{
namespace
{

using Arguments = std::map<std::string, std::string>; // by key

/** What a key is moved to, and what else a scenario has so that it counts. */
struct Move
{
    std::string value; //!< empty: MovedValue()
    Arguments with;
    bool refused = false; //!< is what it comes to
};

/** A program, a small scenario of it, and how its keys are moved. */
struct KeysOfProgram
{
    std::string name;
    OptionTable table;
    Arguments base;
    std::map<std::string, Move> moves;
    std::map<std::string, std::string> exempt; //!< keys that may change nothing: why
    std::vector<std::string> sections;         //!< that are looked at; empty: all
};

/** Result files by name; none when the program refused. */
using Results = std::optional<std::map<std::string, std::string>>;

Results
ResultsOf(const KeysOfProgram& program, const Arguments& arguments)
{
    const TestFolder folder;
    std::vector<std::string> command{std::string(LIMITNET_TEST_BIN_DIR) + "/" + program.name,
                                     "--out=" + folder.Path().string()};
    for (const auto& [key, value] : arguments)
    {
        command.push_back("--" + key + "=" + value);
    }
    const auto run = RunCommand(command);
    if (run.exitCode != 0)
    {
        EXPECT_EQ(run.exitCode, 1) << command.back() << ": " << run.err;
        EXPECT_EQ(run.err.rfind("error: ", 0), 0U) << run.err;
        EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
        return std::nullopt;
    }
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.Path()))
    {
        // The record has the key itself, and names no result.
        if (entry.is_regular_file() && entry.path().filename() != "scenario.ini")
        {
            files[entry.path().filename().string()] = ReadText(entry.path());
        }
    }
    EXPECT_FALSE(files.empty());
    return files;
}

/** \return another value of a key, not far from its default where that is possible */
std::string
MovedValue(const Option& option)
{
    switch (option.type)
    {
    case Option::Type::BOOLEAN:
        return option.defaultValue == "true" ? "false" : "true";
    case Option::Type::CHOICE:
        return option.choices[option.choices[0] == option.defaultValue ? 1 : 0];
    case Option::Type::INTEGER:
    case Option::Type::REAL: {
        const double number = std::stod(option.defaultValue);
        const double more = number == 0 ? 10 : number * 2;
        const double moved = more >= option.minimum && more <= option.maximum ? more : number / 2;
        return fmt::format("{:.9g}", std::clamp(moved, option.minimum, option.maximum));
    }
    default:
        return "";
    }
}

void
ExpectThatEachKeyCounts(const KeysOfProgram& program)
{
    std::vector<const Option*> options;
    for (const Option& option : program.table.Options())
    {
        const std::string section = option.key.substr(0, option.key.find('.'));
        const bool wanted = program.sections.empty() ||
                            std::find(program.sections.begin(), program.sections.end(), section) !=
                                program.sections.end();
        if (wanted && program.exempt.count(option.key) == 0)
        {
            options.push_back(&option);
        }
    }
    for (const auto& [key, move] : program.moves)
    {
        const bool isThere =
            std::any_of(options.begin(), options.end(), [&key = key](const Option* option) {
                return option->key == key;
            });
        EXPECT_TRUE(isThere) << key << ": the test moves a key that there is not";
    }
    // What a scenario gives before anything is moved, by its arguments.
    std::map<Arguments, std::shared_future<Results>> befores;

    struct Moved
    {
        std::string text;
        std::string value;
        const Arguments* before;
        Arguments after;
        bool mayBeRefused;
    };

    std::vector<Moved> all;
    for (const Option* option : options)
    {
        const auto found = program.moves.find(option->key);
        const Move move = found == program.moves.end() ? Move{} : found->second;
        Arguments arguments = program.base;
        for (const auto& [key, value] : move.with)
        {
            arguments[key] = value;
        }
        const auto before = befores.emplace(arguments, std::shared_future<Results>{}).first;
        Moved moved;
        moved.mayBeRefused = move.refused;
        moved.value = move.value.empty() ? MovedValue(*option) : move.value;
        moved.text = option->key + " = " + moved.value;
        moved.before = &before->first;
        const auto own = arguments.find(option->key);
        EXPECT_NE(moved.value, own == arguments.end() ? option->defaultValue : own->second)
            << option->key << ": is not moved; say what to";
        arguments[option->key] = moved.value;
        moved.after = arguments;
        all.push_back(std::move(moved));
    }
    for (auto& [arguments, results] : befores)
    {
        results = std::async(std::launch::deferred, [&program, &arguments = arguments] {
                      return ResultsOf(program, arguments);
                  }).share();
    }
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < all.size(); i = next++)
        {
            const auto after = ResultsOf(program, all[i].after);
            if (!after)
            {
                EXPECT_TRUE(all[i].mayBeRefused) << program.name << ": refuses " << all[i].text;
                continue; // in one line
            }
            const Results& before = befores.at(*all[i].before).get();
            EXPECT_TRUE(before) << program.name << ", before " << all[i].text << ": refused";
            EXPECT_NE(before, after) << program.name << ": " << all[i].text << " changes nothing";
        }
    };
    auto other = std::async(std::launch::async, work);
    work();
    other.get();
}

/** \return how the keys of the section lora are moved */
std::map<std::string, Move>
MovesOfLora()
{
    const Arguments far{{"devices.radius_m", "3500"}, {"lora.shadowing_sigma_db", "0"}};
    const Arguments two{{"lora.gateways", "2"}, {"lora.operators", "2"}};
    return {
        {"lora.sf", {"12", {}}},
        {"lora.sf_sensitivity", {"SX1272", far}},
        {"lora.sf_margin_db", {"20", far}},
        {"lora.region", {"US915", {{"lora.sf", "7"}}}},
        {"lora.sub_band", {"3", {{"lora.region", "US915"}, {"lora.sf", "7"}}}},
        {"lora.path_loss_reference_distance_m", {"10", {}}},
        {"lora.gateway_sensitivity", {"SX1272", far}},
        {"lora.extra_loss", {"0.3", {}}},
        {"lora.operators", {"2", {{"lora.gateways", "2"}}}},
        {"lora.operator", {"2", two}},
        {"lora.gateway_positions", {"500,500", {}}},
        // so long that the first receive window is over
        {"lora.backhaul_delay_s", {"1.5", {{"lora.confirmed", "true"}, {"lora.sf", "7"}}}},
    };
}

TEST(Keys, OfTheCellCount)
{
    // Devices that send so often that their frames meet.
    const Arguments crowd{{"devices.count", "300"},
                          {"traffic.period_s", "60"},
                          {"scenario.duration_s", "600"}};
    KeysOfProgram program{"limitnet-lorawan-cell",
                          LorawanCellOptions("any"),
                          {{"devices.count", "20"},
                           {"devices.radius_m", "3000"},
                           {"scenario.duration_s", "20000"},
                           {"frames", "true"}},
                          MovesOfLora(),
                          {{"out", "where results go"}, {"scenario.name", "likewise"}},
                          {}};
    const std::map<std::string, Move> own{
        {"frames", {"false", {}}},
        {"devices.placement", {"grid", {}}},
        {"devices.positions",
         {"0,900; 300,0", {{"devices.placement", "list"}, {"devices.positions", "9,9"}}}},
        {"devices.base_power_w", {"", {{"devices.battery_j", "50"}}}},
        {"lora.sir_matrix", {"croce", crowd}},
        {"lora.capture_db", {"20", crowd}},
        // at the edge of coverage
        {"lora.error_model", {"curve", {{"lora.sf", "7"}, {"devices.radius_m", "3000"}}}},
    };
    program.moves.insert(own.begin(), own.end());
    ExpectThatEachKeyCounts(program);
}

/** A scenario that takes about a second. */
Arguments
SmallScenario(const TestFolder& folder)
{
    return {{"images.per_device", "1"},
            {"images.period_s", "60"},
            {"devices.count", "2"},
            {"devices.radius_m", "800"},
            {"scenario.duration_s", "400"},
            {"accuracy.times_s", "60,300"},
            {"cloud.cache", (folder.Path() / "predictions.sqlite").string()},
            {"plot", "false"}};
}

TEST(Keys, OfAnOffloadingProgramCount)
{
    const TestFolder folder;
    const auto times = folder.Write("times.csv", std::string("device,time_s\n0,20\n1,30\n"));
    const auto others = folder.Write("others.csv", std::string("device,time_s\n0,50\n1,60\n"));
    const Arguments meters{{"devices.role", "meter"}, {"meter.period_s", "60"}};
    const Arguments jpeg{{"codec.name", "jpeg"}};
    const Arguments bitplane{{"codec.name", "bitplane"}, {"codec.max_bytes", "400"}};
    const Arguments lossy{{"strategy.max_reports", "3"}, {"lora.extra_loss", "0.6"}};
    const Arguments waiting{{"images.per_device", "3"}, {"images.period_s", "20"}};
    const Arguments steps{{"accuracy.times_s", ""}};
    KeysOfProgram program{
        "limitnet-lora-scenario",
        OffloadingOptions("lora", "any"),
        SmallScenario(folder),
        MovesOfLora(),
        {{"out", "where results go"},
         {"scenario.name", "likewise"},
         {"devices.profile", "there is one"},
         {"cloud.cache", "predictions are the same, kept or not"},
         {"cloud.cache_limit_mib", "likewise"},
         {"lora.sir_matrix", "frames have to meet: the cell, which builds the same network"},
         {"lora.capture_db", "likewise"},
         {"lora.error_model", "it takes many frames at the edge of coverage: likewise"}},
        {}};
    const std::map<std::string, Move> own{
        {"data", {"/proc/nowhere", {}, true}},
        {"plot", {"true", {}}},
        {"devices.placement", {"grid", {}}},
        {"devices.positions",
         {"0,900; 300,0", {{"devices.placement", "list"}, {"devices.positions", "9,9"}}}},
        {"devices.base_power_w", {"", {{"devices.battery_j", "50"}}}},
        {"images.dataset", {"/proc/nowhere", {}, true}},
        {"images.times",
         {others.string(), {{"images.traffic", "trace"}, {"images.times", times.string()}}}},
        {"images.traffic", {"poisson", {}}},
        {"images.per_device", {"3", {}}},
        {"images.period_s", {"", {{"images.period_s", "60"}}}},
        {"meter.payload_bytes", {"", meters}},
        {"meter.period_s", {"30", meters}},
        {"meter.sleep_power_w", {"", meters}},
        {"codec.max_bytes", {"200", {}}},
        {"codec.model", {"starfish-224", {}}},
        {"codec.classifier", {"cifar10-clean", {}}},
        {"codec.order", {"saliency", {}}},
        {"codec.side_px", {"64", jpeg}},
        {"codec.loss_percent", {"30", bitplane}},
        {"codec.quality", {"20", jpeg}},
        {"strategy.stop_confidence", {"0.01", {}}},
        {"strategy.report_timeout_s", {"60", lossy}},
        {"strategy.deadline_s", {"20", {}}},
        {"strategy.queue", {"newest", waiting}},
        {"strategy.fit_deadline", {"true", {{"strategy.deadline_s", "60"}}}},
        {"strategy.parity_percent", {"50", {}}},
        {"faults.reboots_per_day", {"8000", {}}},
        {"faults.cloud_down_from_s", {"100", {{"faults.cloud_down_s", "100"}}}},
        {"faults.cloud_down_s", {"400", {}}},
        {"cloud.pictures_of", {"0/0", {}}},
        {"accuracy.times_s", {"60,299", {}}},
        {"accuracy.step_s", {"", steps}},
        {"accuracy.limit_s", {"", steps}},
        // more than the 20 frames that the server goes by
        {"lora.adr",
         {"true", {{"devices.role", "meter"}, {"meter.period_s", "8"}, {"lora.sf", "7"}}}},
    };
    program.moves.insert(own.begin(), own.end());
    ExpectThatEachKeyCounts(program);
}

TEST(Keys, OfNbiotCount)
{
    const TestFolder folder;
    const Arguments far{{"nbiot.building_loss_db", "25"}, {"devices.radius_m", "3000"}};
    const Arguments fading{{"nbiot.coupling_loss_db", "150"}, {"nbiot.fading_sigma_db", "8"}};
    const Arguments connected{{"nbiot.release_assistance", "false"}};
    const Arguments extended{{"nbiot.edrx_cycle_s", "81.92"}, {"nbiot.active_time_s", "200"}};
    const Arguments idle{{"nbiot.active_time_s", "200"}};
    const Arguments readings{{"devices.role", "meter"}, {"meter.period_s", "60"}};
    const Arguments beyond{{"devices.radius_m", "4000"}}; // the reference distance
    KeysOfProgram program{"limitnet-nbiot-scenario",
                          OffloadingOptions("nbiot", "any"),
                          SmallScenario(folder),
                          {
                              {"nbiot.tx_power_dbm", {"14", {}}},
                              {"nbiot.rlc_mode", {"um", fading}},
                              {"nbiot.category", {"nb2", {}}},
                              {"nbiot.inactivity_s", {"", connected}},
                              {"nbiot.cdrx_cycle_s", {"", connected}},
                              {"nbiot.on_duration_s", {"", connected}},
                              {"nbiot.paging_cycle_s", {"", idle}},
                              {"nbiot.edrx_cycle_s", {"81.92", idle}},
                              {"nbiot.paging_window_s", {"", extended}},
                              {"nbiot.coupling_loss_db", {"150", {}}},
                              {"nbiot.deployment", {"in-band", far}},
                              {"nbiot.fading_sigma_db", {"8", far}},
                              {"nbiot.fading_margin_db", {"5", far}},
                              {"nbiot.target_bler", {"0.5", far}},
                              {"nbiot.path_loss_exponent", {"5", far}},
                              {"nbiot.early_data", {"true", readings}},
                              {"nbiot.path_loss_reference_distance_m", {"", beyond}},
                              {"nbiot.base_station_height_m", {"100", beyond}},
                              {"nbiot.base_station_positions", {"500,500", {}}},
                              {"nbiot.base_stations", {"3", {}}},
                          },
                          {},
                          {"nbiot"}};
    ExpectThatEachKeyCounts(program);
}

TEST(Keys, OfTheMixedProgramAlone)
{
    // Its other keys are those of the two programs, in the same tables.
    const TestFolder folder;
    KeysOfProgram program{"limitnet-mixed-scenario",
                          OffloadingOptions("mixed", "any"),
                          SmallScenario(folder),
                          {{"devices.link", {"lora", {}}}},
                          {},
                          {"devices.link"}};
    std::vector<std::string> rest;
    for (const auto& option : program.table.Options())
    {
        const auto has = [&option](const std::string& links) {
            const OptionTable table = OffloadingOptions(links, "any");
            const auto& options = table.Options();
            return std::any_of(options.begin(), options.end(), [&](const Option& other) {
                return other.key == option.key;
            });
        };
        if (!has("lora") && !has("nbiot"))
        {
            rest.push_back(option.key);
        }
    }
    EXPECT_EQ(rest, std::vector<std::string>{"devices.link"});
    Arguments moved = program.base;
    moved["devices.link"] = "lora";
    EXPECT_NE(ResultsOf(program, program.base), ResultsOf(program, moved));
}

} // namespace
} // namespace limitnet
