// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/byte-stream.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <string>

namespace limitnet
{

namespace
{

constexpr uint8_t LAST_FLAG = 2;

} // namespace

Bytes
WritePiece(const StreamPiece& piece)
{
    Bytes fragment(STREAM_HEADER_BYTES + piece.bytes.size());
    fragment[0] =
        static_cast<uint8_t>(piece.imageId % IMAGE_IDS << 2 | (piece.last ? LAST_FLAG : 0));
    fragment[1] = piece.parameter;
    fragment[2] = static_cast<uint8_t>(piece.offset >> 8);
    fragment[3] = static_cast<uint8_t>(piece.offset);
    std::copy(piece.bytes.begin(), piece.bytes.end(), fragment.begin() + STREAM_HEADER_BYTES);
    return fragment;
}

std::optional<StreamPiece>
ParsePiece(const Bytes& fragment)
{
    if (fragment.size() <= STREAM_HEADER_BYTES || (fragment[0] & 1) != 0)
    {
        return std::nullopt;
    }
    StreamPiece piece;
    piece.imageId = fragment[0] >> 2;
    piece.last = (fragment[0] & LAST_FLAG) != 0;
    piece.parameter = fragment[1];
    piece.offset = size_t{fragment[2]} << 8 | fragment[3];
    piece.bytes.assign(fragment.begin() + STREAM_HEADER_BYTES, fragment.end());
    if (piece.offset + piece.bytes.size() > MAX_STREAM_BYTES)
    {
        return std::nullopt;
    }
    return piece;
}

size_t
FragmentedSize(size_t streamBytes, size_t maxFragmentBytes, size_t headerBytes)
{
    const size_t room = maxFragmentBytes - headerBytes;
    return streamBytes + (streamBytes + room - 1) / room * headerBytes;
}

std::vector<Bytes>
CutStream(const Bytes& stream, uint8_t imageId, uint8_t parameter, size_t maxFragmentBytes)
{
    if (maxFragmentBytes < MIN_FRAGMENT_BYTES)
    {
        throw Error("fragment limit of " + std::to_string(maxFragmentBytes) +
                    " bytes is too small; at least " + std::to_string(MIN_FRAGMENT_BYTES) +
                    " are needed");
    }
    if (stream.empty() || stream.size() > MAX_STREAM_BYTES)
    {
        throw Error("an image of " + std::to_string(stream.size()) +
                    " bytes cannot be sent; 1 to " + std::to_string(MAX_STREAM_BYTES) +
                    " are possible");
    }
    std::vector<Bytes> fragments;
    const size_t room = maxFragmentBytes - STREAM_HEADER_BYTES;
    StreamPiece piece;
    piece.imageId = imageId;
    piece.parameter = parameter;
    for (size_t at = 0; at < stream.size(); at += room)
    {
        const size_t end = std::min(stream.size(), at + room);
        piece.offset = at;
        piece.last = end == stream.size();
        piece.bytes.assign(stream.begin() + static_cast<std::ptrdiff_t>(at),
                           stream.begin() + static_cast<std::ptrdiff_t>(end));
        fragments.push_back(WritePiece(piece));
    }
    return fragments;
}

bool
ReceivedStream::IsWhole() const
{
    return size && Prefix().size() >= *size;
}

const Bytes&
ReceivedStream::Prefix() const
{
    static const Bytes none;
    return !runs.empty() && runs.front().offset == 0 ? runs.front().bytes : none;
}

std::optional<ReceivedStream>
AssembleStream(const std::vector<Bytes>& fragments)
{
    std::optional<ReceivedStream> received;
    uint8_t imageId = 0;
    std::vector<int> bytes; // -1: not there
    for (const auto& fragment : fragments)
    {
        const auto piece = ParsePiece(fragment);
        if (!piece)
        {
            continue;
        }
        if (!received)
        {
            received.emplace();
            received->parameter = piece->parameter;
            imageId = piece->imageId;
        }
        if (piece->imageId != imageId || piece->parameter != received->parameter)
        {
            continue;
        }
        const size_t end = piece->offset + piece->bytes.size();
        bytes.resize(std::max(bytes.size(), end), -1);
        for (size_t i = 0; i < piece->bytes.size(); ++i)
        {
            int& byte = bytes[piece->offset + i];
            byte = byte < 0 ? piece->bytes[i] : byte;
        }
        if (piece->last && !received->size)
        {
            received->size = end;
        }
    }
    for (size_t at = 0; at < bytes.size(); ++at)
    {
        if (bytes[at] < 0)
        {
            continue;
        }
        if (at == 0 || bytes[at - 1] < 0)
        {
            received->runs.push_back({at, {}});
        }
        received->runs.back().bytes.push_back(static_cast<uint8_t>(bytes[at]));
    }
    return received;
}

void
KeepWithin(std::vector<Bytes>& fragments, size_t bytes)
{
    size_t total = 0;
    size_t count = 0;
    while (count < fragments.size() && (bytes == 0 || total + fragments[count].size() <= bytes))
    {
        total += fragments[count++].size();
    }
    fragments.resize(std::max<size_t>(1, count));
}

ChosenStream
BestWithin(const StreamOfQuality& encode,
           int least,
           int most,
           size_t bytes,
           size_t maxFragmentBytes,
           size_t headerBytes)
{
    ChosenStream chosen;
    const auto tryQuality = [&](int quality) {
        Bytes stream = encode(quality);
        ++chosen.encodings;
        const bool fits =
            bytes == 0 || FragmentedSize(stream.size(), maxFragmentBytes, headerBytes) <= bytes;
        if (fits || chosen.stream.empty())
        {
            chosen.quality = quality;
            chosen.stream = std::move(stream);
        }
        return fits;
    };
    // The lowest quality first: whatever does not fit after it is not kept.
    if (!tryQuality(least) || least == most)
    {
        return chosen;
    }
    int fits = least;
    int tooMany = most + 1;
    while (tooMany - fits > 1)
    {
        const int middle = fits + (tooMany - fits) / 2;
        (tryQuality(middle) ? fits : tooMany) = middle;
    }
    return chosen;
}

} // namespace limitnet
