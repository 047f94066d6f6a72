// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_BASELINES_JPEG_FILE_H
#define LIMITNET_BASELINES_JPEG_FILE_H

#include "limitnet/codec/fragment.h"
#include "limitnet/codec/image.h"

#include <array>
#include <cstdint>
#include <cstdio> // jpeglib.h needs size_t and FILE declared before it
#include <cstdlib>
#include <jpeglib.h>

namespace limitnet
{

/** JPEG files by libjpeg, as the codec of jpeg-codec.h makes and reads them. */
namespace jpeg
{

constexpr int MCU_SIDE = 16; // 4:2:0
constexpr int BLOCKS_IN_MCU = 6;
constexpr uint8_t MARKER = 0xFF;
constexpr uint8_t SOI = 0xD8;
constexpr uint8_t EOI = 0xD9;
constexpr uint8_t SOS = 0xDA;
constexpr uint8_t SOF2 = 0xC2;
constexpr uint8_t RST0 = 0xD0;
constexpr uint8_t RST7 = 0xD7;

/** libjpeg gave up. It is thrown through libjpeg's own frames, which hold nothing to be freed. */
struct Failure
{
};

[[noreturn]] inline void
OnError(j_common_ptr /* common */)
{
    throw Failure();
}

inline void
OnMessage(j_common_ptr /* common */, int /* level */)
{
    // Damaged data are expected here.
}

/** libjpeg's state of an encoding or decoding, and its end. */
template <typename State, void (*CREATE)(State*), void (*DESTROY)(State*)>
class Jpeg
{
  public:
    Jpeg()
    {
        m_state.err = jpeg_std_error(&m_errors);
        m_errors.error_exit = &OnError;
        m_errors.emit_message = &OnMessage;
        CREATE(&m_state);
    }

    ~Jpeg()
    {
        DESTROY(&m_state);
    }

    Jpeg(const Jpeg&) = delete;
    Jpeg& operator=(const Jpeg&) = delete;

    State* operator->()
    {
        return &m_state;
    }

    State* Get()
    {
        return &m_state;
    }

  private:
    State m_state{};
    jpeg_error_mgr m_errors{};
};

inline void
Create(jpeg_compress_struct* state)
{
    jpeg_create_compress(state);
}

inline void
Create(jpeg_decompress_struct* state)
{
    jpeg_create_decompress(state);
}

using Compression = Jpeg<jpeg_compress_struct, &Create, &jpeg_destroy_compress>;
using Decompression = Jpeg<jpeg_decompress_struct, &Create, &jpeg_destroy_decompress>;

/** What libjpeg writes to. */
struct Memory
{
    unsigned char* bytes = nullptr;
    unsigned long size = 0; // NOLINT: libjpeg's type

    Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    ~Memory()
    {
        std::free(bytes);
    }
};

/** \return the scans of a progressive file, the first of which has all DC values */
const std::array<jpeg_scan_info, 5>& Scans();

/** \return a whole JPEG file, 4:2:0; with one scan, a restart marker after each row of MCUs */
Bytes Compress(const Image& image, int quality, bool progressive);

/** \return where what is sent begins in a JPEG file: behind the frame header, or the scan header */
size_t HeaderSize(const Bytes& file, bool progressive);

/**
 * \param side of the picture, pixels
 * \return what both ends know of a file
 */
Bytes Header(int side, int quality, bool progressive);

/** \return the picture of a file, as far as it goes. \throws Failure when libjpeg gives up */
Image Decompress(const Bytes& file);

} // namespace jpeg

} // namespace limitnet

#endif // LIMITNET_BASELINES_JPEG_FILE_H
