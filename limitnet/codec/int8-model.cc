// SPDX-License-Identifier: GPL-2.0-only

#include "limitnet/codec/int8-model.h"

#include "limitnet/codec/error.h"

#include <cstring>
#include <string>
#include <type_traits>

namespace limitnet
{

namespace
{

constexpr std::array<uint8_t, 4> MAGIC{'L', 'N', 'I', '8'};
constexpr uint8_t FLAG_SALIENCY = 1;
constexpr int32_t BIAS_LIMIT = int32_t{1} << 30;
constexpr uint32_t MULTIPLIER_LIMIT = uint32_t{1} << 31;
constexpr int64_t OFFSET_LIMIT = int64_t{1} << 61;
constexpr int MIN_SHIFT = 33; // of a layer with activations, see Int8Encoder
constexpr int MIN_OTHER_SHIFT = 1;
constexpr int MAX_SHIFT = 62;
constexpr size_t CRC_BYTES = 4;

/// Numbers from little-endian bytes; past the end it throws.
class Reader
{
  public:
    Reader(const uint8_t* bytes, size_t size)
        : m_next(bytes),
          m_left(size)
    {
    }

    const uint8_t* Take(size_t size)
    {
        if (size > m_left)
        {
            throw Error("int8 model: ends too early");
        }
        const uint8_t* bytes = m_next;
        m_next += size;
        m_left -= size;
        return bytes;
    }

    uint64_t Unsigned(int size)
    {
        const uint8_t* bytes = Take(static_cast<size_t>(size));
        uint64_t value = 0;
        for (int i = 0; i < size; ++i)
        {
            value |= static_cast<uint64_t>(bytes[i]) << (8 * i);
        }
        return value;
    }

    int64_t Signed(int size)
    {
        const uint64_t value = Unsigned(size);
        const uint64_t sign = uint64_t{1} << (8 * size - 1);
        // two's complement, without relying on what a conversion out of range does
        return (value & sign) != 0 ? -static_cast<int64_t>((sign - 1) - (value & (sign - 1))) - 1
                                   : static_cast<int64_t>(value);
    }

    size_t Left() const
    {
        return m_left;
    }

  private:
    const uint8_t* m_next;
    size_t m_left;
};

/// The reverse of Reader.
class Writer
{
  public:
    void Unsigned(uint64_t value, int size)
    {
        for (int i = 0; i < size; ++i)
        {
            bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
        }
    }

    void Signed(int64_t value, int size)
    {
        Unsigned(static_cast<uint64_t>(value), size);
    }

    std::vector<uint8_t> bytes;
};

/// The entropy code's tables number by number, in the order of EntropyTables. A model file holds
/// their length, so a reader notices other tables than its own.
/// \param number called with each number and its size in bytes.
template <typename Tables, typename Function>
void
ForEachNumber(Tables& tables, const Function& number)
{
    for (auto& channel : tables.frequency)
    {
        for (auto& value : channel)
        {
            number(value, 2);
        }
    }
    for (auto& value : tables.mean)
    {
        number(value, 2);
    }
    for (auto& value : tables.weightSet)
    {
        number(value, 1);
    }
    for (auto& set : tables.weight)
    {
        for (auto& pattern : set)
        {
            for (auto& value : pattern)
            {
                number(value, 1);
            }
        }
    }
    for (auto& set : tables.confidence)
    {
        for (auto& value : set)
        {
            number(value, 1);
        }
    }
    for (auto& channel : tables.width)
    {
        for (auto& confidence : channel)
        {
            for (auto& spread : confidence)
            {
                for (auto& value : spread)
                {
                    number(value, 1);
                }
            }
        }
    }
    for (auto& value : tables.mapWidth)
    {
        number(value, 1);
    }
}

void
WriteTables(Writer& writer, const EntropyTables& tables)
{
    ForEachNumber(tables, [&writer](auto value, int size) { writer.Signed(value, size); });
}

void
ReadTables(Reader& reader, EntropyTables& tables)
{
    ForEachNumber(tables, [&reader](auto& value, int size) {
        using Number = std::remove_reference_t<decltype(value)>;
        value = static_cast<Number>(std::is_signed_v<Number>
                                        ? reader.Signed(size)
                                        : static_cast<int64_t>(reader.Unsigned(size)));
    });
    tables.Check();
}

/// The limits that keep the encoder's arithmetic within its types.
void
Check(const Int8Model& model)
{
    const int count = model.hasSaliency ? INT8_LAYERS : INT8_ENCODER_LAYERS;
    for (int l = 0; l < count; ++l)
    {
        const Int8Layer& layer = model.layers[l];
        for (int c = 0; c < INT8_SHAPES[l].outputs; ++c)
        {
            if (layer.bias[c] <= -BIAS_LIMIT || layer.bias[c] >= BIAS_LIMIT ||
                layer.multiplier[c] >= MULTIPLIER_LIMIT)
            {
                throw Error("int8 model: layer " + std::to_string(l) + " channel " +
                            std::to_string(c) + " has a bias or a multiplier out of range");
            }
        }
        const int least = l == INT8_LAYERS - 1 ? MIN_OTHER_SHIFT : MIN_SHIFT;
        if (layer.shift < least || layer.shift > MAX_SHIFT)
        {
            throw Error("int8 model: layer " + std::to_string(l) + " has a shift of " +
                        std::to_string(layer.shift) + "; " + std::to_string(least) +
                        " to 62 are possible");
        }
    }
    const Int8Quantiser& quantiser = model.quantiser;
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        if (quantiser.multiplier[c] >= MULTIPLIER_LIMIT || quantiser.offset[c] <= -OFFSET_LIMIT ||
            quantiser.offset[c] >= OFFSET_LIMIT)
        {
            throw Error("int8 model: the quantiser of channel " + std::to_string(c) +
                        " is out of range");
        }
    }
    if (quantiser.shift < MIN_OTHER_SHIFT || quantiser.shift > MAX_SHIFT)
    {
        throw Error("int8 model: the quantiser has a shift of " + std::to_string(quantiser.shift) +
                    "; 1 to 62 are possible");
    }
}

} // namespace

Int8Model
Int8Model::Parse(const uint8_t* bytes, size_t size)
{
    if (size < MAGIC.size() || std::memcmp(bytes, MAGIC.data(), MAGIC.size()) != 0)
    {
        throw Error("int8 model: does not begin with LNI8; `limitnet export` makes such a file");
    }
    Reader reader(bytes + MAGIC.size(), size - MAGIC.size());
    const auto version = reader.Unsigned(2);
    if (version != VERSION)
    {
        throw Error("int8 model: is of version " + std::to_string(version) + "; this program has " +
                    std::to_string(VERSION));
    }
    Int8Model model;
    model.modelId = static_cast<uint8_t>(reader.Unsigned(1));
    const auto flags = reader.Unsigned(1);
    model.hasSaliency = (flags & FLAG_SALIENCY) != 0;
    const auto total = reader.Unsigned(4);
    const auto tableBytes = reader.Unsigned(4);
    if (total != size || size < CRC_BYTES)
    {
        throw Error("int8 model: has " + std::to_string(size) + " bytes and should have " +
                    std::to_string(total));
    }
    Reader last(bytes + size - CRC_BYTES, CRC_BYTES);
    if (last.Unsigned(CRC_BYTES) != Crc32(bytes, size - CRC_BYTES))
    {
        throw Error("int8 model: is damaged (its checksum does not fit)");
    }
    const int count = model.hasSaliency ? INT8_LAYERS : INT8_ENCODER_LAYERS;
    for (int l = 0; l < count; ++l)
    {
        const Int8Shape& shape = INT8_SHAPES[l];
        Int8Layer& layer = model.layers[l];
        layer.weights = reinterpret_cast<const int8_t*>(
            reader.Take(static_cast<size_t>(shape.outputs) * shape.PaddedTaps()));
        for (int c = 0; c < shape.outputs; ++c)
        {
            layer.bias[c] = static_cast<int32_t>(reader.Signed(4));
        }
        for (int c = 0; c < shape.outputs; ++c)
        {
            layer.multiplier[c] = static_cast<uint32_t>(reader.Unsigned(4));
        }
        layer.shift = static_cast<int>(reader.Unsigned(1));
    }
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        model.quantiser.multiplier[c] = static_cast<uint32_t>(reader.Unsigned(4));
        model.quantiser.offset[c] = reader.Signed(8);
    }
    model.quantiser.shift = static_cast<int>(reader.Unsigned(1));
    Check(model);
    if (reader.Left() < CRC_BYTES || reader.Left() - CRC_BYTES != tableBytes)
    {
        throw Error("int8 model: its parts do not fit its length");
    }
    Reader tables(reader.Take(tableBytes), tableBytes);
    ReadTables(tables, model.entropy);
    if (tables.Left() != 0)
    {
        throw Error("int8 model: its tables are longer than this program's");
    }
    return model;
}

std::vector<uint8_t>
Int8Model::Serialise() const
{
    Check(*this);
    Writer body;
    const int count = hasSaliency ? INT8_LAYERS : INT8_ENCODER_LAYERS;
    for (int l = 0; l < count; ++l)
    {
        const Int8Shape& shape = INT8_SHAPES[l];
        const int weights = shape.outputs * shape.PaddedTaps();
        for (int i = 0; i < weights; ++i)
        {
            body.Signed(layers[l].weights[i], 1);
        }
        for (int c = 0; c < shape.outputs; ++c)
        {
            body.Signed(layers[l].bias[c], 4);
        }
        for (int c = 0; c < shape.outputs; ++c)
        {
            body.Unsigned(layers[l].multiplier[c], 4);
        }
        body.Unsigned(static_cast<uint64_t>(layers[l].shift), 1);
    }
    for (int c = 0; c < LATENT_CHANNELS; ++c)
    {
        body.Unsigned(quantiser.multiplier[c], 4);
        body.Signed(quantiser.offset[c], 8);
    }
    body.Unsigned(static_cast<uint64_t>(quantiser.shift), 1);
    Writer table;
    WriteTables(table, entropy);

    Writer file;
    file.bytes.assign(MAGIC.begin(), MAGIC.end());
    file.Unsigned(VERSION, 2);
    file.Unsigned(modelId, 1);
    file.Unsigned(hasSaliency ? FLAG_SALIENCY : 0, 1);
    constexpr size_t header = 16;
    file.Unsigned(header + body.bytes.size() + table.bytes.size() + CRC_BYTES, 4);
    file.Unsigned(table.bytes.size(), 4);
    file.bytes.insert(file.bytes.end(), body.bytes.begin(), body.bytes.end());
    file.bytes.insert(file.bytes.end(), table.bytes.begin(), table.bytes.end());
    file.Unsigned(Crc32(file.bytes.data(), file.bytes.size()), CRC_BYTES);
    return file.bytes;
}

} // namespace limitnet
