// SPDX-License-Identifier: GPL-2.0-only

#include "tests/fuzz/reassembler-fuzz.h"

#include "limitnet/codec/importance-order.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <stdexcept>

namespace limitnet::test
{

namespace
{

using Result = Reassembler::Result;

/// Most bytes of a fragment in an input, plus one. NB-IoT's blocks have up to 1,500.
constexpr size_t LENGTH_LIMIT = 2048;

/// No header is longer.
constexpr size_t MOST_HEADER_BYTES = 4;

void
Require(bool holds, const char* promise)
{
    if (!holds)
    {
        throw std::logic_error(promise);
    }
}

const CodecTables&
Tables(size_t model)
{
    static const std::array<CodecTables, 2> tables = [] {
        std::array<CodecTables, 2> made{MakeTables(1), MakeTables(2)};
        Require(made[0].modelId != made[1].modelId, "the two models have different ids");
        return made;
    }();
    return tables[model];
}

/// Fragments of a few real images: both models, two image ids, small and large fragments, one
/// image with several copies of the map. An image is one entry.
const std::vector<std::vector<Bytes>>&
RealImages()
{
    static const std::vector<std::vector<Bytes>> images = [] {
        std::vector<std::vector<Bytes>> made;
        Random random(3);
        for (const size_t maxFragmentBytes : {11, 51, 222, 1500})
        {
            for (const uint8_t imageId : {0, 1})
            {
                const auto sample = MakeSample(Tables(0), random);
                const size_t values = maxFragmentBytes < 50 ? 200 : LATENT_SIZE;
                made.push_back(Cut(Tables(0), sample, maxFragmentBytes, values, 1, imageId));
            }
        }
        made.push_back(Cut(Tables(0), MakeSample(Tables(0), random), 51, 2000, 4, 0));
        made.push_back(Cut(Tables(1), MakeSample(Tables(1), random), 51, 2000, 1, 0));
        return made;
    }();
    return images;
}

/// What a reassembler shows of itself.
struct State
{
    bool hasMap = false;
    size_t values = 0;
    std::vector<float> latent;
    std::vector<uint8_t> received;
};

bool
operator==(const State& a, const State& b)
{
    return a.hasMap == b.hasMap && a.values == b.values && a.latent == b.latent &&
           a.received == b.received;
}

/// The state, which has to be consistent in itself.
State
StateOf(const Reassembler& reassembler)
{
    State state;
    state.hasMap = reassembler.HasMap();
    state.values = reassembler.ValueCount();
    // Marked, to see that every entry is written.
    state.latent.assign(LATENT_SIZE, std::nanf(""));
    state.received.assign(LATENT_SIZE, 2);
    reassembler.Latent(state.latent.data());
    reassembler.Received(state.received.data());

    size_t count = 0;
    for (size_t i = 0; i < LATENT_SIZE; ++i)
    {
        Require(state.received[i] <= 1, "Received() gives 0 or 1 everywhere");
        Require(std::isfinite(state.latent[i]), "Latent() gives finite values everywhere");
        Require(state.received[i] == 1 || state.latent[i] == 0,
                "a value that was not received is 0");
        count += state.received[i];
    }
    Require(count == state.values, "ValueCount() counts what Received() marks");
    Require(state.hasMap || state.values == 0, "there are no values without the map");
    return state;
}

/// Any map, however it came to be, has to give an order of all values.
void
CheckOrder(const SaliencyMap& map)
{
    std::array<uint16_t, LATENT_SIZE> order{};
    ImportanceOrder(map, order.data());
    std::vector<bool> seen(LATENT_SIZE);
    for (const auto place : order)
    {
        Require(place < LATENT_SIZE && !seen[place], "the order of any map is a permutation");
        seen[place] = true;
    }
}

/// A reassembler to be used again and again: making one takes longer than most inputs.
Reassembler&
Fresh(size_t model)
{
    static const std::array<std::unique_ptr<Reassembler>, 2> reassemblers{
        std::make_unique<Reassembler>(Tables(0)),
        std::make_unique<Reassembler>(Tables(1))};
    reassemblers[model]->Reset();
    return *reassemblers[model];
}

/// What became of a list of fragments that one image could have.
struct Replay
{
    State state;
    std::vector<size_t> gains; // values that each fragment added
    bool anyNoRoom = false;
};

template <typename Iterator>
Replay
ReplayOf(Iterator begin, Iterator end)
{
    auto& reassembler = Fresh(0);
    Replay replay;
    for (auto fragment = begin; fragment != end; ++fragment)
    {
        const auto before = reassembler.ValueCount();
        const auto result = Add(reassembler, *fragment);
        Require(result == Result::ACCEPTED || result == Result::DUPLICATE ||
                    result == Result::NO_ROOM,
                "a fragment that was accepted is never invalid or foreign in another order");
        replay.anyNoRoom |= result == Result::NO_ROOM;
        replay.gains.push_back(reassembler.ValueCount() - before);
    }
    replay.state = StateOf(reassembler);
    return replay;
}

/// Adds all fragments and checks each step; gives those that were accepted.
std::vector<Bytes>
AddAll(Reassembler& reassembler, const std::vector<Bytes>& fragments, std::vector<Result>& results)
{
    std::vector<Bytes> accepted;
    for (const auto& fragment : fragments)
    {
        const auto valuesBefore = reassembler.ValueCount();
        const auto mapBefore = reassembler.HasMap();
        const auto result = Add(reassembler, fragment);
        results.push_back(result);
        if (result == Result::ACCEPTED)
        {
            Require(reassembler.ValueCount() >= valuesBefore, "values never become fewer");
            Require(reassembler.HasMap() || !mapBefore, "the map never goes away");
            Require(Add(reassembler, fragment) == Result::DUPLICATE,
                    "an accepted fragment is a duplicate the second time");
            accepted.push_back(fragment);
        }
        else
        {
            Require(reassembler.ValueCount() == valuesBefore && reassembler.HasMap() == mapBefore,
                    "a fragment that is not accepted changes nothing");
        }
    }
    return accepted;
}

} // namespace

std::vector<Bytes>
SplitFuzzInput(const uint8_t* data, size_t size)
{
    std::vector<Bytes> fragments;
    size_t at = 0;
    while (size - at >= 2)
    {
        const size_t length = (data[at] | size_t{data[at + 1]} << 8) % LENGTH_LIMIT;
        at += 2;
        const size_t there = std::min(length, size - at);
        fragments.emplace_back(data + at, data + at + there);
        at += there;
    }
    return fragments;
}

Bytes
JoinFuzzInput(const std::vector<Bytes>& fragments)
{
    Bytes input;
    for (const auto& fragment : fragments)
    {
        const size_t length = std::min(fragment.size(), LENGTH_LIMIT - 1);
        input.push_back(static_cast<uint8_t>(length));
        input.push_back(static_cast<uint8_t>(length >> 8));
        input.insert(input.end(),
                     fragment.begin(),
                     fragment.begin() + static_cast<std::ptrdiff_t>(length));
    }
    return input;
}

FuzzOutcome
FuzzReassembler(const uint8_t* data, size_t size)
{
    const auto fragments = SplitFuzzInput(data, size);
    FuzzOutcome outcome;

    // The other model's reassembler: its own steps have to be sound, that is all.
    std::vector<Result> results;
    auto& other = Fresh(1);
    AddAll(other, fragments, results);
    StateOf(other);

    results.clear();
    auto& reassembler = Fresh(0);
    const auto accepted = AddAll(reassembler, fragments, results);
    const auto state = StateOf(reassembler);
    CheckOrder(reassembler.Map());
    outcome.accepted = accepted.size();
    outcome.hasMap = state.hasMap;
    outcome.values = state.values;
    outcome.anyRefused = std::any_of(results.begin(), results.end(), [](Result result) {
        return result != Result::ACCEPTED && result != Result::DUPLICATE;
    });

    // Forgotten, and again.
    reassembler.Reset();
    Require(StateOf(reassembler) ==
                State{false, 0, std::vector<float>(LATENT_SIZE), std::vector<uint8_t>(LATENT_SIZE)},
            "after Reset() nothing is left");
    std::vector<Result> again;
    AddAll(reassembler, fragments, again);
    Require(again == results && StateOf(reassembler) == state,
            "after Reset() all comes out as the first time");

    // What was refused left no trace.
    Require(ReplayOf(accepted.begin(), accepted.end()).state == state,
            "accepted fragments alone give the same state");

    // The map first or where it came: the same. (Fragments kept without a map are found twice, so
    // only their order among themselves can matter.)
    auto mapFirst = accepted;
    const auto maps = std::stable_partition(mapFirst.begin(), mapFirst.end(), IsMap);
    const auto forward = ReplayOf(mapFirst.begin(), mapFirst.end());
    Require(forward.state == state, "the map may come at any time");

    // Where no two fragments speak of the same value, their order does not matter. That is so when
    // each adds as many values in one order as in the opposite one: the first one of an order adds
    // all that it has, so in the opposite order it must have met nothing of its own; and so on.
    auto mapReversed = mapFirst;
    std::reverse(mapReversed.begin(), mapReversed.begin() + (maps - mapFirst.begin()));
    const auto mapAgrees = ReplayOf(mapReversed.begin(), mapReversed.end()).state == forward.state;
    if (!mapAgrees || !state.hasMap)
    {
        return outcome;
    }
    auto reversed = mapFirst;
    std::reverse(reversed.begin() + (maps - mapFirst.begin()), reversed.end());
    const auto backward = ReplayOf(reversed.begin(), reversed.end());
    const auto symbols = static_cast<size_t>(mapFirst.end() - maps);
    outcome.conflictFree = std::equal(forward.gains.end() - static_cast<std::ptrdiff_t>(symbols),
                                      forward.gains.end(),
                                      backward.gains.rbegin());
    if (outcome.conflictFree)
    {
        Require(backward.state == state, "the order of fragments does not matter");
        const auto allReversed = ReplayOf(mapFirst.rbegin(), mapFirst.rend());
        Require(allReversed.anyNoRoom || allReversed.state == state,
                "the map may come last, after fragments in the opposite order");
    }
    return outcome;
}

void
MutateFragments(std::vector<Bytes>& fragments, Random& random)
{
    const auto below = [&](size_t n) { return random.Below(static_cast<uint32_t>(n)); };
    const auto any = [&]() -> Bytes& { return fragments[below(fragments.size())]; };
    const auto& images = RealImages();
    const auto choice = fragments.empty() ? below(2) : below(12);
    switch (choice)
    {
    case 0: { // the first fragments of an image, its map among them
        const auto& image = images[below(images.size())];
        const auto count = 1 + below(std::min<size_t>(image.size(), 12));
        fragments.insert(fragments.end(),
                         image.begin(),
                         image.begin() + static_cast<std::ptrdiff_t>(count));
        break;
    }
    case 1: { // one fragment, anywhere
        const auto& image = images[below(images.size())];
        fragments.insert(fragments.begin() +
                             static_cast<std::ptrdiff_t>(below(fragments.size() + 1)),
                         image[below(image.size())]);
        break;
    }
    case 2: // lost
        fragments.erase(fragments.begin() + static_cast<std::ptrdiff_t>(below(fragments.size())));
        break;
    case 3: { // repeated
        const auto copy = any();
        fragments.push_back(copy);
        break;
    }
    case 4: // overtaken
        std::swap(any(), any());
        break;
    case 5: // all in another order
        random.Shuffle(fragments);
        break;
    case 6: { // cut short
        auto& fragment = any();
        fragment.resize(below(fragment.size() + 1));
        break;
    }
    case 7: { // lengthened
        auto& fragment = any();
        for (auto count = below(40); count > 0 && fragment.size() + 1 < LENGTH_LIMIT; --count)
        {
            fragment.push_back(static_cast<uint8_t>(below(256)));
        }
        break;
    }
    case 8: { // one bit
        auto& fragment = any();
        if (!fragment.empty())
        {
            fragment[below(fragment.size())] ^= static_cast<uint8_t>(1U << below(8));
        }
        break;
    }
    case 9: { // a header's byte
        auto& fragment = any();
        const auto header = std::min(fragment.size(), MOST_HEADER_BYTES);
        if (header > 0)
        {
            fragment[below(header)] = static_cast<uint8_t>(below(256));
        }
        break;
    }
    default: { // the same header, another payload
        auto& fragment = any();
        for (size_t i = MOST_HEADER_BYTES; i < fragment.size(); ++i)
        {
            fragment[i] = static_cast<uint8_t>(below(256));
        }
        break;
    }
    }
}

} // namespace limitnet::test
