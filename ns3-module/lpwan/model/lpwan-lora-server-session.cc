// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-server-session.h"

#include "lpwan-lora-frame.h"
#include "lpwan-lora-phy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <variant>

namespace ns3
{
namespace lpwan
{

LoraServerSession::Business&
LoraServerSession::ToDo()
{
    if (!business)
    {
        business = std::make_unique<Business>();
    }
    return *business;
}

template <typename Command>
std::optional<Command>
LoraServerSession::Answered()
{
    if (!business)
    {
        return std::nullopt;
    }
    auto& commands = business->commands;
    const auto found =
        std::find_if(commands.begin(), commands.end(), [](const LoraDownlinkCommand& command) {
            return std::holds_alternative<Command>(command);
        });
    if (found == commands.end())
    {
        return std::nullopt;
    }
    const Command command = std::get<Command>(*found);
    commands.erase(found);
    return command;
}

std::vector<DevStatusAns>
LoraServerSession::Obey(const std::vector<uint8_t>& commands,
                        const LoraHeard& heard,
                        const LoraRegion& region)
{
    std::vector<DevStatusAns> told;
    for (const auto& command : ParseUplinkCommands(commands.data(), commands.size()))
    {
        if (std::holds_alternative<LinkCheckReq>(command))
        {
            const double margin = heard.snrDb - LoraSnrThresholdDb(heard.spreadingFactor);
            LinkCheckAns answer;
            answer.marginDb = static_cast<uint8_t>(std::clamp(std::floor(margin), 0.0, 254.0));
            answer.gatewayCount = static_cast<uint8_t>(
                std::min<std::size_t>(heard.gateways, std::numeric_limits<uint8_t>::max()));
            ToDo().commands.emplace_back(answer);
        }
        else if (const auto* adr = std::get_if<LinkAdrAns>(&command))
        {
            const auto request = Answered<LinkAdrReq>();
            if (request && adr->powerOk && adr->dataRateOk && adr->channelMaskOk &&
                request->txPower <= region.lowestTxPower)
            {
                txPowerIndex = request->txPower;
                // What came before was heard at another data rate or power.
                business->snrDb.clear();
                business->dataRate = request->dataRate;
            }
        }
        else if (std::holds_alternative<DutyCycleAns>(command))
        {
            Answered<DutyCycleReq>();
        }
        else if (const auto* rx = std::get_if<RxParamSetupAns>(&command))
        {
            const auto request = Answered<RxParamSetupReq>();
            if (request && rx->rx1OffsetOk && rx->rx2DataRateOk && rx->rx2ChannelOk)
            {
                rx1Offset = request->rx1DataRateOffset;
                rx2DataRate = request->rx2DataRate;
                rx2FrequencyHz = request->rx2FrequencyHz;
            }
        }
        else if (const auto* status = std::get_if<DevStatusAns>(&command))
        {
            Answered<DevStatusReq>();
            told.push_back(*status);
        }
        else if (std::holds_alternative<NewChannelAns>(command))
        {
            Answered<NewChannelReq>();
        }
        else if (std::holds_alternative<RxTimingSetupAns>(command))
        {
            const auto request = Answered<RxTimingSetupReq>();
            if (request)
            {
                rxDelayS = std::max<uint8_t>(1, request->delayS);
            }
        }
    }
    return told;
}

bool
LoraServerSession::NoteForAdr(double snrDb, uint8_t dataRateNow, uint32_t history)
{
    Business& toDo = ToDo();
    auto& commands = toDo.commands;
    auto asked =
        std::find_if(commands.begin(), commands.end(), [](const LoraDownlinkCommand& command) {
            return std::holds_alternative<LinkAdrReq>(command);
        });
    if (toDo.dataRate.value_or(dataRateNow) != dataRateNow)
    {
        toDo.snrDb.clear();
        if (asked == commands.end() || std::get<LinkAdrReq>(*asked).dataRate != dataRateNow)
        {
            // The device's own step: it had gone to full power before. Whatever was asked of it
            // was so for a better link.
            txPowerIndex = 0;
            if (asked != commands.end())
            {
                commands.erase(asked);
                asked = commands.end();
            }
        }
    }
    toDo.dataRate = dataRateNow;
    toDo.snrDb.push_back(snrDb);
    if (toDo.snrDb.size() > history)
    {
        toDo.snrDb.erase(toDo.snrDb.begin());
    }
    return toDo.snrDb.size() >= history && asked == commands.end();
}

void
LoraServerSession::Acknowledged()
{
    if (business && !business->data.empty() && business->data.front().confirmed &&
        business->data.front().sent)
    {
        business->data.pop_front();
    }
}

std::vector<uint8_t>
LoraServerSession::FittingCommands() const
{
    std::vector<uint8_t> bytes;
    if (!business)
    {
        return bytes;
    }
    for (const auto& command : business->commands)
    {
        std::vector<uint8_t> more = bytes;
        AppendCommand(command, more);
        if (more.size() > LORA_MAX_FOPTS)
        {
            break;
        }
        bytes = std::move(more);
    }
    return bytes;
}

} // namespace lpwan
} // namespace ns3
