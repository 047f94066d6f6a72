// SPDX-License-Identifier: GPL-2.0-only
// Tables of `limitnet eval`.
#include "limitnet/results/result-tables.h"

namespace limitnet
{

const ResultTable&
EvaluationTable()
{
    static const ResultTable table = {
        "eval-DATASET.csv",
        "Of `limitnet eval`: one row for each p, or number of channels, in the order asked for. "
        "Means are over the pictures.",
        {{"p_percent", "%", "Part of the latent values that is sent, most important first."},
         {"channels",
          "",
          "With --channels: how many channels are sent whole, the first ones first, as a device "
          "without saliency does; empty where the order is that of importance."},
         {"values", "", "How many values that is, of 9,408."},
         {"images", "", "Pictures evaluated."},
         {"mean_size_bytes",
          "byte",
          "Mean size of all fragments of a picture: headers, saliency map and values."},
         {"mean_psnr_db",
          "dB",
          "Mean PSNR at 224 x 224 against the picture that was encoded; of each picture at most "
          "100, which equal ones have."},
         {"mean_ssim", "", "Mean SSIM of the luma (Wang et al. 2004), likewise."},
         {"published_size_bytes",
          "byte",
          "Mean size of the same values in the published quantiser and Huffman codes, as "
          "published: "
          "without saliency map and headers.",
          "number"},
         {"published_with_map_size_bytes",
          "byte",
          "The same and the 40 bytes of the saliency map.",
          "number"},
         {"published_psnr_db",
          "dB",
          "Mean PSNR of the published reconstruction of the same values, by the same decoder; "
          "empty "
          "without --published."},
         {"unquantised_psnr_db",
          "dB",
          "Mean PSNR of the same values as the float encoder gives them, not quantised; empty "
          "without --unquantised."},
         {"top1_correct",
          "",
          "Pictures whose most likely class is right; empty without a classifier."},
         {"top1", "", "The same as a part of all, 0..1."},
         {"top1_wilson_low", "", "Lower end of the 95 % Wilson score interval of top1, 0..1."},
         {"top1_wilson_high", "", "Upper end of it, 0..1."},
         {"top5",
          "",
          "Part of the pictures whose class is among the five most likely, 0..1; empty without a "
          "classifier."}}};
    return table;
}

const ResultTable&
CodecsTable()
{
    static const ResultTable table = {
        "codecs-DATASET.csv",
        "Of `limitnet eval --codec`: one row for each codec, parity, loss and limit of bytes, in "
        "the\norder asked for. Means are over the pictures.",
        {{"codec",
          "",
          "Name of the codec; `limitnet:ORDER` with another order of its values.",
          "text"},
         {"side_px",
          "pixel",
          "Side that the picture was scaled to: of those allowed, the best on other pictures. Raw "
          "takes at most that, bit planes the multiple of 8 below, 224 at most. Empty for "
          "LimitNet, which has no choice.",
          "integer"},
         {"limit_bytes", "byte", "Most bytes of all fragments of a picture, parity included."},
         {"parity_percent",
          "%",
          "Parity fragments for each hundred others, as asked for: a few fragments are rounded up. "
          "Empty for a codec that is told the loss and chooses its own (bitplane).",
          "number"},
         {"loss", "", "Part of the fragments that is lost, 0..1.", "number"},
         {"mean_burst",
          "",
          "Mean length of a run of lost fragments; 0: each is lost for itself.",
          "number"},
         {"fragment_bytes", "byte", "Largest fragment."},
         {"seed", "", "Of what is lost.", "integer"},
         {"classifier", "", "Its name; empty when there is none.", "text"},
         {"images", "", "Pictures evaluated."},
         {"mean_size_bytes",
          "byte",
          "Mean size of all fragments that are sent of a picture; one of which nothing fits counts "
          "as 0 bytes, and is not decoded."},
         {"mean_fragments", "", "Their mean number.", "number"},
         {"images_decoded", "", "Pictures of which something could be decoded."},
         {"mean_psnr_db",
          "dB",
          "Mean PSNR of these at 224 x 224 against the picture that was encoded, at most 100 of "
          "each; empty when there are none."},
         {"mean_ssim", "", "Mean SSIM of the luma (Wang et al. 2004), likewise."},
         {"top1_correct",
          "",
          "Pictures whose most likely class is right; those not decoded are wrong. Empty without a "
          "classifier."},
         {"top1", "", "The same as a part of all, 0..1."},
         {"top1_wilson_low", "", "Lower end of the 95 % Wilson score interval of top1, 0..1."},
         {"top1_wilson_high", "", "Upper end of it, 0..1."},
         {"top5",
          "",
          "Part of the pictures whose class is among the five most likely, 0..1; empty without a "
          "classifier."},
         {"mean_encoding_s",
          "s",
          "Mean time of the encoding on the microcontroller of --profile, parity included."}}};
    return table;
}

const ResultTable&
CodecsEachTable()
{
    static const ResultTable table = {
        "codecs-each.csv",
        "Of `limitnet eval --codec --each FILE`: one row for each row of codecs-DATASET.csv and "
        "picture.",
        {{"codec", "", "As in codecs-DATASET.csv.", "text"},
         {"limit_bytes", "byte", "Likewise."},
         {"parity_percent", "%", "Likewise."},
         {"loss", "", "Likewise.", "number"},
         {"mean_burst", "", "Likewise.", "number"},
         {"dataset_index", "", "Number of the picture in the data set."},
         {"bytes", "byte", "Size of all its fragments."},
         {"fragments", "", "Their number.", "integer"},
         {"decoded", "", "Whether something could be decoded.", "0 or 1"},
         {"psnr_db", "dB", "PSNR at 224 x 224; empty when nothing was decoded."},
         {"ssim", "", "SSIM of the luma, likewise."},
         {"correct",
          "",
          "Whether the most likely class is right; empty without a classifier.",
          "0 or 1"}}};
    return table;
}

const ResultTable&
SaliencyTable()
{
    static const ResultTable table = {
        "eval-DATASET-saliency.csv",
        "Of `limitnet eval`, where the pictures have masks: one row for each kind of saliency map. "
        "Both maps and masks are of 28 x 28 cells; a mask's cell is the mean of its part.",
        {{"map",
          "",
          "`network`: output of the saliency decoder; `sent`: the 8 x 8 levels as a receiver knows "
          "them, enlarged, less the map's minimum; two that know nothing of the picture: `centre`, "
          "a disc around the middle, and `mean`, the mean of the masks of the training pictures "
          "(with --part=all of all of them).",
          "text"},
         {"images", "", "Pictures with a mask."},
         {"iou",
          "",
          "Mean over the pictures of the intersection over union of the cells that reach the "
          "threshold and those at least half covered by the mask, 0..1."},
         {"threshold",
          "",
          "The threshold, one for all pictures, that makes iou largest, of 0/255 .. 255/255."},
         {"mean_absolute_error", "", "Mean over the pictures and cells of abs(map - mask)."}}};
    return table;
}

} // namespace limitnet
