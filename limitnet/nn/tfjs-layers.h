// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_TFJS_LAYERS_H
#define LIMITNET_NN_TFJS_LAYERS_H

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace limitnet
{

/** An array of numbers, the last index running fastest. */
struct TfjsTensor
{
    std::vector<int64_t> shape;
    std::vector<float> values;
};

/** Tensors by name, such as "conv1/kernel". */
using TfjsWeights = std::map<std::string, TfjsTensor>;

/**
 * Reads the weights of a model in the layers format of TensorFlow.js.
 *
 * The format, by the sources of @tensorflow/tfjs-core and tfjs-converter: model.json has under
 * "weightsManifest" groups of "paths" and "weights"; the files that the paths name, which lie
 * beside model.json, hold one after the other the little-endian elements of the group's weights in
 * their order, without gaps; a weight has a "name", a "shape" and a "dtype". Weights have to be
 * float32; others, and quantised ones, are refused.
 *
 * Shapes are as TensorFlow has them: a convolution's kernel is height x width x in x out.
 *
 * \param modelJson the file model.json
 * \return the weights
 * \throws Error naming the file and what is wrong with it
 */
TfjsWeights ReadTfjsWeights(const std::filesystem::path& modelJson);

} // namespace limitnet

#endif // LIMITNET_NN_TFJS_LAYERS_H
