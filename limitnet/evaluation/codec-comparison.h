// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_EVALUATION_CODEC_COMPARISON_H
#define LIMITNET_EVALUATION_CODEC_COMPARISON_H

#include "limitnet/evaluation/classifier.h"
#include "limitnet/evaluation/fragment-loss.h"
#include "limitnet/evaluation/open-codec.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace limitnet
{

/** One entry of a comparison: a codec, how it is protected, the bytes that it has, what is lost. */
struct ComparisonEntry
{
    std::string name;  //!< of the codec, as whoever reads the result calls it
    CodecChoice codec; //!< with its limit of bytes and its parity; the side, unless it is chosen
    std::vector<int> sides; //!< of which the best one is chosen; empty: the codec has no choice
    double loss{0};         //!< part of the fragments that is lost, 0..1
    double meanBurst{0};    //!< see FragmentLoss
};

/** What pictures give in the mean, or one of them. */
struct ComparisonFigures
{
    std::uint64_t images{0};
    std::uint64_t withPicture{0}; //!< of these, how many could be decoded; the rest counts as wrong
    std::uint64_t correct{0};     //!< whose most likely class is right
    std::uint64_t correctOfFive{0};
    double bytes{0};     //!< of all fragments that are sent: sum
    double fragments{0}; //!< how many these are: sum
    double psnrDb{0};    //!< sum over those with a picture
    double ssim{0};      //!< likewise
    double encodingS{0}; //!< on the device: sum

    void Add(const ComparisonFigures& other);
};

/** An entry with what it gave. */
struct ComparisonResult
{
    int side{0}; //!< the one that was chosen; 0 where there is no choice
    ComparisonFigures sum;
    std::vector<ComparisonFigures> each; //!< of each picture, in their order
};

/** A picture and its class. */
struct ComparisonPicture
{
    Image picture;
    int label{0};
    std::uint64_t number{0}; //!< tells pictures apart where it is drawn what is lost
};

/** What pictures are compared by. */
struct ComparisonOptions
{
    std::size_t fragmentBytes{222};
    std::uint64_t seed{1};
    std::shared_ptr<const Classifier> classifier; //!< null: none
    bool quality{true};                           //!< PSNR and SSIM
    /** Time that a device needs for an encoding, s; null: none is asked for. */
    std::function<double(const EncodingWork&)> encodingSeconds;
    unsigned workers{1};
};

/**
 * Image codecs without a network: each picture goes through a codec's two halves as it does in a
 * simulation (OpenCodec(), Receive()), and on the way fragments are lost. What is lost of a picture
 * depends on its number, the seed and the places of its fragments alone: at the same place in the
 * sequence all codecs lose, and where more is lost, what
 * was lost before is lost, too (bursts shorter than those of independent losses left aside).
 */
class CodecComparison
{
  public:
    /** Tells that another picture is done, of so many in all. */
    using ProgressCallback = std::function<void()>;

    /** Gives picture i; called by several threads. */
    using PictureSource = std::function<ComparisonPicture(std::size_t)>;

    /**
     * \param entries what is compared
     * \param options by what
     * \throws Error when a codec cannot be opened as asked for
     */
    CodecComparison(std::vector<ComparisonEntry> entries, ComparisonOptions options);

    /** \return whether there is an entry of which ChooseSides() chooses something */
    bool HasChoice() const;

    /**
     * Chooses the side of each entry that has several: the one with most right answers on these
     * pictures, or without a classifier with the best PSNR (so that of equally many).
     */
    void ChooseSides(const PictureSource& source,
                     std::size_t count,
                     const ProgressCallback& progress);

    /**
     * \param source the pictures, none of them one that sides were chosen by
     * \return a result for each entry, in their order
     */
    std::vector<ComparisonResult> Measure(const PictureSource& source,
                                          std::size_t count,
                                          const ProgressCallback& progress) const;

  private:
    struct Way; // an entry at one side

    std::vector<std::vector<ComparisonFigures>> MeasureWays(const std::vector<Way>& ways,
                                                            const PictureSource& source,
                                                            std::size_t count,
                                                            const ProgressCallback& progress) const;

    std::vector<ComparisonEntry> m_entries;
    std::vector<int> m_sides; // of each entry, the one that was chosen; 0: none
    ComparisonOptions m_options;
};

} // namespace limitnet

#endif // LIMITNET_EVALUATION_CODEC_COMPARISON_H
