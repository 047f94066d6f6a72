// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_SALIENCY_TEACHER_H
#define LIMITNET_CLI_SALIENCY_TEACHER_H

#include "limitnet/codec/image.h"

#include <array>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <string>

namespace limitnet
{

/**
 * How a salient-object network wants its input and what its output means. The defaults are those of
 * U2-Net and U2-Netp (X. Qin et al., U2-Net: Going Deeper with Nested U-Structure for Salient
 * Object Detection, Pattern Recognition 106, 2020): the authors' code resizes to 320x320, divides
 * by the picture's largest value, takes off ImageNet's mean and divides by its standard deviation;
 * it scales the first of the outputs so that its least value is 0 and its largest 1.
 */
struct TeacherFormat
{
    int side = 320;                                       //!< columns and rows of the input
    std::array<double, 3> mean{0.485, 0.456, 0.406};      //!< red, green, blue
    std::array<double, 3> deviation{0.229, 0.224, 0.225}; //!< red, green, blue
    bool brightestIsOne = true; //!< divide by the picture's largest value rather than by 255
    bool scaled = true;         //!< scale the output's range to 0..1; else it is clamped to it
    std::string output;         //!< name of the output layer; empty for the first one
};

/** A salient-object network from an ONNX file, run by OpenCV. */
class SaliencyTeacher
{
  public:
    /**
     * \param model the ONNX file; its input is 1x3xHxW, red first, its output 1x1xHxW (or without
     * the ones)
     * \param format how to use it
     * \throws Error in one line that names the file, when it is missing or no network that can be
     * run
     */
    SaliencyTeacher(const std::filesystem::path& model, TeacherFormat format);

    /**
     * \param picture of any size
     * \return its saliency, 8-bit grey, as large as the picture
     * \throws Error that names the model, when it does not take such an input or gives no map
     */
    cv::Mat Map(const Image& picture);

  private:
    std::filesystem::path m_model;
    TeacherFormat m_format;
    cv::dnn::Net m_net;
    std::string m_output;
};

} // namespace limitnet

#endif // LIMITNET_CLI_SALIENCY_TEACHER_H
