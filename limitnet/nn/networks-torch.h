// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_NETWORKS_TORCH_H
#define LIMITNET_NN_NETWORKS_TORCH_H

/**
 * \file
 * The networks of LimitNet (Hojjat et al., MobiSys 2024) and the small cloud classifier.
 *
 * Layer shapes and parameter names are those of the published state dicts (`encoder.conv1.weight`,
 * `sal_decoder.sal_t_conv1.weight`, `decoder.t_conv1.weight`, ...), so published weights load
 * unchanged. All tensors are NCHW in meaning; channels-last in memory is welcome and faster.
 *
 * Every network computes its convolutions in the type that the caller asks for (`computeType`):
 * torch::kFloat for results, torch::kBFloat16 for training on processors with matrix units.
 * Parameters and activations outside the convolutions stay float.
 */

#include <torch/torch.h>
#include <vector>

namespace limitnet
{

/** Side of the codec's square input picture, in pixels. */
constexpr int64_t PICTURE_SIZE = 224;

/** \return the ImageNet mean, shape 1x3x1x1. */
torch::Tensor ImageNetMean();

/** \return the ImageNet standard deviation, shape 1x3x1x1. */
torch::Tensor ImageNetStd();

/** \param pixels Nx3xHxW in 0..1 \return the same, normalised per channel. */
torch::Tensor Normalise(const torch::Tensor& pixels);

/**
 * Encoder: Nx3xHxW normalised -> latent Nx12x(H/8)x(W/8), all values >= 0 (a ReLU is last).
 */
class EncoderImpl : public torch::nn::Module
{
  public:
    EncoderImpl();
    torch::Tensor forward(const torch::Tensor& x, torch::ScalarType computeType = torch::kFloat);

    /** \return the layers in their order; a ReLU follows each */
    std::vector<torch::nn::Conv2d> Layers() const;

  private:
    torch::nn::Conv2d conv1;
    torch::nn::Conv2d conv2;
    torch::nn::Conv2d conv3;
};

TORCH_MODULE(Encoder);

/** Saliency decoder: latent Nx12xhxw -> saliency Nx1xhxw; forward gives logits (no sigmoid). */
class SaliencyDecoderImpl : public torch::nn::Module
{
  public:
    SaliencyDecoderImpl();
    /** \return the logits; the saliency is their sigmoid. */
    torch::Tensor forward(const torch::Tensor& latent);

    /** \return the layers in their order; a ReLU follows each but the last */
    std::vector<torch::nn::Conv2d> Layers() const;

  private:
    torch::nn::Conv2d sal_t_conv1;
    torch::nn::Conv2d sal_t_conv2;
    torch::nn::Conv2d sal_t_conv3;
    torch::nn::Conv2d sal_t_conv4;
    torch::nn::Conv2d sal_t_conv5;
};

TORCH_MODULE(SaliencyDecoder);

/**
 * A convolution that gives some of the output pixels of a transposed one with stride s: those whose
 * row modulo s and column modulo s (their phase) lie in two ranges.
 */
struct PhaseConvolution
{
    int64_t firstRowPhase;    //!< first phase of the rows it gives
    int64_t rowPhases;        //!< number of them
    int64_t firstColumnPhase; //!< first phase of the columns it gives
    int64_t columnPhases;     //!< number of them
    int64_t top;              //!< rows of zeros to put above the input
    int64_t bottom;           //!< and below
    int64_t left;             //!< columns of zeros to put to the left of the input
    int64_t right;            //!< and to the right
    torch::Tensor weight;     //!< (rowPhases * columnPhases * channels) x in x kernel x kernel
    torch::Tensor bias;       //!< rowPhases * columnPhases * channels
};

/** The decoder's layers in the form in which they are computed; see Decoder. */
struct DecoderKernels
{
    std::vector<PhaseConvolution> phases1; //!< t_conv1, stride 2
    std::vector<PhaseConvolution> phases2; //!< t_conv2, stride 4
    torch::Tensor weight3;                 //!< t_conv3 as a convolution
    torch::Tensor bias3;
    torch::Tensor weight4; //!< t_conv4 as a convolution
    torch::Tensor bias4;
    torch::Tensor weight5; //!< t_conv5 for squares of 2x2 pixels: (2 x 2 x 3) x 64 x 4 x 4
    torch::Tensor bias5;
};

/**
 * Decoder: latent Nx12xhxw -> picture Nx3x(8h)x(8w) in 0..1.
 *
 * The parameters are those of transposed convolutions, but none is run as one: on a CPU, LibTorch's
 * transposed convolution is several times slower than its convolution (docs/performance.md).
 * Exact, up to the order of additions, and nearly without multiplications by zero, are:
 *
 * - With stride s, the output pixels of one phase are a convolution of the input. Phases that see
 *   the same input pixels share one, with a set of channels for each; its channels are then put in
 *   their places. For t_conv2 (kernel 5, stride 4) these are kernels of 1x1, 1x2, 2x1 and 2x2.
 * - With stride 1 it is a convolution with the flipped kernel.
 * - t_conv5 has 3 channels where processors compute 16 at a time, so it gives squares of 2x2 pixels
 *   as 12 channels of a convolution with stride 2.
 */
class DecoderImpl : public torch::nn::Module
{
  public:
    DecoderImpl();

    torch::Tensor forward(const torch::Tensor& latent,
                          torch::ScalarType computeType = torch::kFloat);

    /**
     * \param computeType the type to compute the convolutions in
     * \return the layers as they are computed; good for Run() until the parameters change
     */
    DecoderKernels Kernels(torch::ScalarType computeType = torch::kFloat) const;

    /**
     * What forward() does, with kernels made once.
     *
     * \param kernels what Kernels() gave
     * \param latent Nx12xhxw
     * \return Nx3x(8h)x(8w)
     */
    static torch::Tensor Run(const DecoderKernels& kernels, const torch::Tensor& latent);

  private:
    torch::nn::ConvTranspose2d t_conv1;
    torch::nn::ConvTranspose2d t_conv2;
    torch::nn::ConvTranspose2d t_conv3;
    torch::nn::ConvTranspose2d t_conv4;
    torch::nn::ConvTranspose2d t_conv5;
};

TORCH_MODULE(Decoder);

/** The codec's three networks under their published names. */
class LimitNetImpl : public torch::nn::Module
{
  public:
    LimitNetImpl();

    Encoder encoder;
    SaliencyDecoder sal_decoder;
    Decoder decoder;
};

TORCH_MODULE(LimitNet);

/**
 * Small residual classifier for pictures that were 32x32 before they were enlarged to 224x224.
 *
 * The 224x224 picture is averaged over 7x7 squares first, which undoes the enlargement; the rest
 * is a three-stage convolutional network at 32x32. forward() takes normalised Nx3x224x224 or
 * Nx3x32x32 (the latter skips the averaging) and gives NxC logits.
 */
class SmallClassifierImpl : public torch::nn::Module
{
  public:
    explicit SmallClassifierImpl(int64_t classes);
    torch::Tensor forward(const torch::Tensor& x, torch::ScalarType computeType = torch::kFloat);

  private:
    torch::Tensor Block(torch::nn::Conv2d& conv,
                        torch::nn::BatchNorm2d& norm,
                        const torch::Tensor& x,
                        bool pool,
                        torch::ScalarType computeType);

    torch::nn::Conv2d stem;
    torch::nn::Conv2d conv1a;
    torch::nn::Conv2d conv1b;
    torch::nn::Conv2d conv2a;
    torch::nn::Conv2d conv2b;
    torch::nn::Conv2d conv3a;
    torch::nn::Conv2d conv3b;
    torch::nn::BatchNorm2d norm0;
    torch::nn::BatchNorm2d norm1a;
    torch::nn::BatchNorm2d norm1b;
    torch::nn::BatchNorm2d norm2a;
    torch::nn::BatchNorm2d norm2b;
    torch::nn::BatchNorm2d norm3a;
    torch::nn::BatchNorm2d norm3b;
    torch::nn::Linear head;
};

TORCH_MODULE(SmallClassifier);

} // namespace limitnet

#endif // LIMITNET_NN_NETWORKS_TORCH_H
