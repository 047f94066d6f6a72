// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_FEEDBACK_H
#define LPWAN_FEEDBACK_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

/** Application port on which the cloud answers devices. */
constexpr uint8_t FEEDBACK_PORT = 2;

/** Bytes before each fragment where the cloud reports what is missing. */
constexpr std::size_t FRAGMENT_LABEL_BYTES = 2;

/** What these say: 15 bits and one. */
struct FragmentLabel
{
    uint16_t number{0}; //!< of the fragment in its image, 0..32767
    bool poll{false};   //!< the cloud is to say what is missing of the image up to now
};

/** \param label of a fragment \param bytes FRAGMENT_LABEL_BYTES, written */
void WriteFragmentLabel(const FragmentLabel& label, uint8_t* bytes);

/** \param bytes FRAGMENT_LABEL_BYTES \return the label */
FragmentLabel ReadFragmentLabel(const uint8_t* bytes);

/** What the cloud says to a device of one of its images. */
struct Feedback
{
    uint8_t imageId{0};            //!< modulo limitnet::IMAGE_IDS
    bool enough{false};            //!< it needs no more of it
    std::vector<uint16_t> missing; //!< otherwise: what it lacks of those sent so far, ascending
};

/**
 * A byte with the kind (2 bits: 0 is enough, 1 is missing) and the image id; for what is missing
 * the number of the first (16 bits) and a bit for each fragment from there on, 1 for a missing one,
 * as far as they fit; nothing more when nothing is missing.
 *
 * \param feedback to be written
 * \param maxBytes most bytes, at least 4
 * \return the bytes
 */
std::vector<uint8_t> WriteFeedback(const Feedback& feedback, std::size_t maxBytes);

/** \param bytes any \return the feedback; nothing when they are none */
std::optional<Feedback> ReadFeedback(const std::vector<uint8_t>& bytes);

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_FEEDBACK_H
