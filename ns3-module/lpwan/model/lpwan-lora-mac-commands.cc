// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-lora-mac-commands.h"

namespace ns3
{
namespace lpwan
{

namespace
{

// Identifiers, section 5, table 4.
constexpr uint8_t LINK_CHECK = 0x02;
constexpr uint8_t LINK_ADR = 0x03;
constexpr uint8_t DUTY_CYCLE = 0x04;
constexpr uint8_t RX_PARAM_SETUP = 0x05;
constexpr uint8_t DEV_STATUS = 0x06;
constexpr uint8_t NEW_CHANNEL = 0x07;
constexpr uint8_t RX_TIMING_SETUP = 0x08;

/** Frequencies travel in hundreds of hertz, 24 bits. */
constexpr uint32_t FREQUENCY_STEP_HZ = 100;

void
AppendFrequency(uint32_t frequencyHz, std::vector<uint8_t>& bytes)
{
    const uint32_t steps = frequencyHz / FREQUENCY_STEP_HZ;
    for (int i = 0; i < 3; ++i)
    {
        bytes.push_back(static_cast<uint8_t>(steps >> (8 * i)));
    }
}

uint32_t
FrequencyAt(const uint8_t* bytes)
{
    const uint32_t steps = bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16;
    return steps * FREQUENCY_STEP_HZ;
}

uint8_t
Nibbles(unsigned high, unsigned low)
{
    return static_cast<uint8_t>((high & 0xf) << 4 | (low & 0xf));
}

/** Flags of an answer, the first one in bit 0. */
uint8_t
Bits(bool bit0, bool bit1 = false, bool bit2 = false)
{
    return static_cast<uint8_t>((bit0 ? 1 : 0) | (bit1 ? 2 : 0) | (bit2 ? 4 : 0));
}

/** Writes each command. */
struct Writer
{
    std::vector<uint8_t>& bytes;

    void Put(std::initializer_list<uint8_t> more) const
    {
        bytes.insert(bytes.end(), more);
    }

    void operator()(const LinkCheckReq&) const
    {
        Put({LINK_CHECK});
    }

    void operator()(const LinkCheckAns& c) const
    {
        Put({LINK_CHECK, c.marginDb, c.gatewayCount});
    }

    void operator()(const LinkAdrReq& c) const
    {
        Put({LINK_ADR,
             Nibbles(c.dataRate, c.txPower),
             static_cast<uint8_t>(c.channelMask),
             static_cast<uint8_t>(c.channelMask >> 8),
             Nibbles(c.maskControl & 7U, c.transmissions)});
    }

    void operator()(const LinkAdrAns& c) const
    {
        Put({LINK_ADR, Bits(c.channelMaskOk, c.dataRateOk, c.powerOk)});
    }

    void operator()(const DutyCycleReq& c) const
    {
        Put({DUTY_CYCLE, Nibbles(0, c.maxDutyCycle)});
    }

    void operator()(const DutyCycleAns&) const
    {
        Put({DUTY_CYCLE});
    }

    void operator()(const RxParamSetupReq& c) const
    {
        Put({RX_PARAM_SETUP, Nibbles(c.rx1DataRateOffset & 7U, c.rx2DataRate)});
        AppendFrequency(c.rx2FrequencyHz, bytes);
    }

    void operator()(const RxParamSetupAns& c) const
    {
        Put({RX_PARAM_SETUP, Bits(c.rx2ChannelOk, c.rx2DataRateOk, c.rx1OffsetOk)});
    }

    void operator()(const DevStatusReq&) const
    {
        Put({DEV_STATUS});
    }

    void operator()(const DevStatusAns& c) const
    {
        Put({DEV_STATUS, c.battery, static_cast<uint8_t>(c.snrDb & 0x3f)});
    }

    void operator()(const NewChannelReq& c) const
    {
        Put({NEW_CHANNEL, c.channel});
        AppendFrequency(c.frequencyHz, bytes);
        Put({Nibbles(c.maxDataRate, c.minDataRate)});
    }

    void operator()(const NewChannelAns& c) const
    {
        Put({NEW_CHANNEL, Bits(c.frequencyOk, c.dataRatesOk)});
    }

    void operator()(const RxTimingSetupReq& c) const
    {
        Put({RX_TIMING_SETUP, Nibbles(0, c.delayS)});
    }

    void operator()(const RxTimingSetupAns&) const
    {
        Put({RX_TIMING_SETUP});
    }
};

// Reading: the fields of one command, `p` at the byte after its identifier.

std::optional<LoraUplinkCommand>
ReadUplink(uint8_t identifier, const uint8_t* p, std::size_t left, std::size_t& length)
{
    const auto has = [&](std::size_t bytes) {
        length = bytes;
        return left >= bytes;
    };
    switch (identifier)
    {
    case LINK_CHECK:
        length = 0;
        return LinkCheckReq{};
    case LINK_ADR:
        if (has(1))
        {
            return LinkAdrAns{(p[0] & 4) != 0, (p[0] & 2) != 0, (p[0] & 1) != 0};
        }
        break;
    case DUTY_CYCLE:
        length = 0;
        return DutyCycleAns{};
    case RX_PARAM_SETUP:
        if (has(1))
        {
            return RxParamSetupAns{(p[0] & 4) != 0, (p[0] & 2) != 0, (p[0] & 1) != 0};
        }
        break;
    case DEV_STATUS:
        if (has(2))
        {
            // Six bits with a sign.
            const int value = p[1] & 0x3f;
            return DevStatusAns{p[0], static_cast<int8_t>(value >= 32 ? value - 64 : value)};
        }
        break;
    case NEW_CHANNEL:
        if (has(1))
        {
            return NewChannelAns{(p[0] & 2) != 0, (p[0] & 1) != 0};
        }
        break;
    case RX_TIMING_SETUP:
        length = 0;
        return RxTimingSetupAns{};
    default:
        break;
    }
    return std::nullopt;
}

std::optional<LoraDownlinkCommand>
ReadDownlink(uint8_t identifier, const uint8_t* p, std::size_t left, std::size_t& length)
{
    const auto has = [&](std::size_t bytes) {
        length = bytes;
        return left >= bytes;
    };
    const auto low = [](uint8_t byte) { return static_cast<uint8_t>(byte & 0xf); };
    const auto high = [](uint8_t byte) { return static_cast<uint8_t>(byte >> 4); };
    switch (identifier)
    {
    case LINK_CHECK:
        if (has(2))
        {
            return LinkCheckAns{p[0], p[1]};
        }
        break;
    case LINK_ADR:
        if (has(4))
        {
            return LinkAdrReq{high(p[0]),
                              low(p[0]),
                              static_cast<uint16_t>(p[1] | p[2] << 8),
                              static_cast<uint8_t>(high(p[3]) & 7),
                              low(p[3])};
        }
        break;
    case DUTY_CYCLE:
        if (has(1))
        {
            return DutyCycleReq{low(p[0])};
        }
        break;
    case RX_PARAM_SETUP:
        if (has(4))
        {
            return RxParamSetupReq{static_cast<uint8_t>(high(p[0]) & 7),
                                   low(p[0]),
                                   FrequencyAt(p + 1)};
        }
        break;
    case DEV_STATUS:
        length = 0;
        return DevStatusReq{};
    case NEW_CHANNEL:
        if (has(5))
        {
            return NewChannelReq{p[0], FrequencyAt(p + 1), low(p[4]), high(p[4])};
        }
        break;
    case RX_TIMING_SETUP:
        if (has(1))
        {
            return RxTimingSetupReq{low(p[0])};
        }
        break;
    default:
        break;
    }
    return std::nullopt;
}

template <typename Command, typename Read>
std::vector<Command>
ParseAll(const uint8_t* bytes, std::size_t size, const Read& read)
{
    std::vector<Command> commands;
    std::size_t i = 0;
    while (i < size)
    {
        std::size_t length = 0;
        const auto command = read(bytes[i], bytes + i + 1, size - i - 1, length);
        if (!command)
        {
            break;
        }
        commands.push_back(*command);
        i += 1 + length;
    }
    return commands;
}

} // namespace

void
AppendCommand(const LoraUplinkCommand& command, std::vector<uint8_t>& bytes)
{
    std::visit(Writer{bytes}, command);
}

void
AppendCommand(const LoraDownlinkCommand& command, std::vector<uint8_t>& bytes)
{
    std::visit(Writer{bytes}, command);
}

std::vector<LoraUplinkCommand>
ParseUplinkCommands(const uint8_t* bytes, std::size_t size)
{
    return ParseAll<LoraUplinkCommand>(bytes, size, &ReadUplink);
}

std::vector<LoraDownlinkCommand>
ParseDownlinkCommands(const uint8_t* bytes, std::size_t size)
{
    return ParseAll<LoraDownlinkCommand>(bytes, size, &ReadDownlink);
}

} // namespace lpwan
} // namespace ns3
