// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/cauchy-code.h"

#include <isa-l/erasure_code.h>
#include <utility>

namespace limitnet
{

namespace
{

constexpr size_t TABLE_BYTES = 32; // of ISA-L, for each coefficient

/** \return coefficients of the parity at a place, one for each of k pieces of data */
Bytes
ParityRow(size_t place, size_t k)
{
    Bytes row(k);
    for (size_t j = 0; j < k; ++j)
    {
        // As gf_gen_cauchy1_matrix has it: it does not depend on how much parity there is.
        row[j] = gf_inv(static_cast<unsigned char>(place ^ j));
    }
    return row;
}

/** \return rows of coefficients times pieces of one length */
std::vector<Bytes>
Multiply(const std::vector<Bytes>& rows, std::vector<Bytes> pieces)
{
    const size_t length = pieces.front().size();
    const auto k = static_cast<int>(pieces.size());
    Bytes coefficients;
    for (const auto& row : rows)
    {
        coefficients.insert(coefficients.end(), row.begin(), row.end());
    }
    Bytes tables(TABLE_BYTES * pieces.size() * rows.size());
    ec_init_tables(k, static_cast<int>(rows.size()), coefficients.data(), tables.data());
    std::vector<Bytes> products(rows.size(), Bytes(length));
    std::vector<unsigned char*> from;
    std::vector<unsigned char*> to;
    for (auto& piece : pieces)
    {
        from.push_back(piece.data());
    }
    for (auto& product : products)
    {
        to.push_back(product.data());
    }
    ec_encode_data(static_cast<int>(length),
                   k,
                   static_cast<int>(rows.size()),
                   tables.data(),
                   from.data(),
                   to.data());
    return products;
}

} // namespace

std::vector<Bytes>
CauchyParity(std::vector<Bytes> data, size_t count)
{
    if (count == 0)
    {
        return {};
    }
    const size_t k = data.size();
    std::vector<Bytes> rows;
    for (size_t i = 0; i < count; ++i)
    {
        rows.push_back(ParityRow(k + i, k));
    }
    return Multiply(rows, std::move(data));
}

std::map<size_t, Bytes>
RecoverCauchy(const std::map<size_t, Bytes>& places, size_t k)
{
    std::vector<Bytes> pieces;
    Bytes matrix;
    size_t last = 0;
    for (const auto& [place, bytes] : places)
    {
        if (pieces.size() == k)
        {
            break;
        }
        Bytes row(k);
        if (place < k)
        {
            row[place] = 1;
        }
        else
        {
            row = ParityRow(place, k);
        }
        matrix.insert(matrix.end(), row.begin(), row.end());
        pieces.push_back(bytes);
        last = place;
    }
    if (pieces.size() < k || last < k || k == 0)
    {
        return {}; // too little, or nothing is missing
    }
    Bytes inverse(k * k);
    if (gf_invert_matrix(matrix.data(), inverse.data(), static_cast<int>(k)) != 0)
    {
        return {}; // never: each square part of a Cauchy matrix has an inverse
    }
    std::vector<Bytes> rows;
    std::vector<size_t> missing;
    for (size_t place = 0; place < k; ++place)
    {
        if (places.count(place) == 0)
        {
            const auto row = inverse.begin() + static_cast<std::ptrdiff_t>(place * k);
            rows.emplace_back(row, row + static_cast<std::ptrdiff_t>(k));
            missing.push_back(place);
        }
    }
    auto products = Multiply(rows, std::move(pieces));
    std::map<size_t, Bytes> recovered;
    for (size_t i = 0; i < missing.size(); ++i)
    {
        recovered.emplace(missing[i], std::move(products[i]));
    }
    return recovered;
}

} // namespace limitnet
