// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-feedback.h"

#include "limitnet/codec/fragment.h"

#include "ns3/abort.h"

namespace ns3
{
namespace lpwan
{

namespace
{

constexpr uint16_t POLL_BIT = 0x8000;
constexpr unsigned KIND_SHIFT = 6;
constexpr uint8_t ENOUGH = 0;
constexpr uint8_t MISSING = 1;
constexpr std::size_t BITMAP_START = 3;

} // namespace

void
WriteFragmentLabel(const FragmentLabel& label, uint8_t* bytes)
{
    NS_ABORT_MSG_IF(label.number >= POLL_BIT, "an image has fewer than 32,768 fragments");
    const auto code = static_cast<uint16_t>(label.number | (label.poll ? POLL_BIT : 0));
    bytes[0] = static_cast<uint8_t>(code >> 8);
    bytes[1] = static_cast<uint8_t>(code);
}

FragmentLabel
ReadFragmentLabel(const uint8_t* bytes)
{
    const auto code = static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
    FragmentLabel label;
    label.number = code & (POLL_BIT - 1);
    label.poll = (code & POLL_BIT) != 0;
    return label;
}

std::vector<uint8_t>
WriteFeedback(const Feedback& feedback, std::size_t maxBytes)
{
    const uint8_t kind = feedback.enough ? ENOUGH : MISSING;
    std::vector<uint8_t> bytes{
        static_cast<uint8_t>(kind << KIND_SHIFT | feedback.imageId % limitnet::IMAGE_IDS)};
    if (feedback.enough || feedback.missing.empty())
    {
        return bytes;
    }
    const uint16_t first = feedback.missing.front();
    bytes.push_back(static_cast<uint8_t>(first >> 8));
    bytes.push_back(static_cast<uint8_t>(first));
    for (const uint16_t number : feedback.missing)
    {
        const std::size_t at = BITMAP_START + (number - first) / 8;
        if (at >= maxBytes)
        {
            break;
        }
        if (at >= bytes.size())
        {
            bytes.resize(at + 1);
        }
        bytes[at] = static_cast<uint8_t>(bytes[at] | 0x80 >> (number - first) % 8);
    }
    return bytes;
}

std::optional<Feedback>
ReadFeedback(const std::vector<uint8_t>& bytes)
{
    if (bytes.empty() || bytes[0] >> KIND_SHIFT > MISSING)
    {
        return std::nullopt;
    }
    Feedback feedback;
    feedback.imageId = bytes[0] % limitnet::IMAGE_IDS;
    feedback.enough = bytes[0] >> KIND_SHIFT == ENOUGH;
    if (feedback.enough || bytes.size() <= BITMAP_START)
    {
        return bytes.size() == 1 ? std::optional(feedback) : std::nullopt;
    }
    const auto first = static_cast<uint16_t>(bytes[1] << 8 | bytes[2]);
    for (std::size_t i = 0; i < 8 * (bytes.size() - BITMAP_START); ++i)
    {
        if ((bytes[BITMAP_START + i / 8] & 0x80 >> i % 8) != 0)
        {
            feedback.missing.push_back(static_cast<uint16_t>(first + i));
        }
    }
    return feedback;
}

} // namespace lpwan
} // namespace ns3
