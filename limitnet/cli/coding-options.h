// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_CODING_OPTIONS_H
#define LIMITNET_CLI_CODING_OPTIONS_H

#include "limitnet/evaluation/picture-encoder.h"
#include "limitnet/evaluation/picture-symbols.h"
#include "limitnet/nn/codec-model.h"

#include <boost/program_options.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/** \throws Error unless 0 < \p percent <= 100. */
void CheckPercentage(double percent);

/** \throws Error unless \p mtu is possible. */
void CheckMtu(std::int64_t mtu);

/** The options of the commands that encode: which codec, how much to send, how to cut it. */
class CodingOptions
{
  public:
    /** \param percentage how much is sent when neither --percentage nor --bytes is given */
    explicit CodingOptions(double percentage = 100);

    /** Adds --model, --encoder, --percentage, --bytes, --mtu and --map-copies. */
    void AddTo(boost::program_options::options_description& options);

    /**
     * \param values the parsed command line
     * \throws Error naming an option whose value is impossible
     */
    void Check(const boost::program_options::variables_map& values);

    /** \return the codec that --model names. */
    std::shared_ptr<const CodecModel> OpenModel() const;

    /**
     * \param codec what OpenModel() gave
     * \return the device's half that --encoder names
     */
    std::shared_ptr<const PictureEncoder> OpenEncoder(
        std::shared_ptr<const CodecModel> codec) const;

    /** \return what .lim files call the codec: the name of its file without the ending. */
    std::string ModelName() const;

    /** \return how much of the latent --percentage asks for, percent. */
    double Percentage() const;

    /** \return the largest fragment, bytes. */
    std::size_t Mtu() const;

    /**
     * The device's part after the networks: as much of a picture as the options ask for, in the
     * order that the codec was trained for.
     *
     * \param name what messages call the picture
     * \throws Error when --bytes is too small for anything
     */
    std::vector<Bytes> Cut(const CodecModel& codec,
                           const PictureSymbols& picture,
                           std::uint8_t imageId,
                           const std::string& name) const;

  private:
    std::string m_model;
    std::string m_encoder;
    double m_percentage;
    std::int64_t m_bytes = 0; ///< 0: no limit
    std::int64_t m_mtu = 0;
    std::int64_t m_mapCopies = 0;
};

} // namespace limitnet

#endif // LIMITNET_CLI_CODING_OPTIONS_H
