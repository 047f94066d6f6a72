// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/baselines/jpeg-file.h"

#include "limitnet/codec/error.h"

#include <algorithm>
#include <vector>

namespace limitnet
{

namespace jpeg
{

namespace
{

void
AddScan(std::array<jpeg_scan_info, 5>& scans,
        int number,
        std::vector<int> components,
        int from,
        int to)
{
    jpeg_scan_info& scan = scans[static_cast<size_t>(number)];
    scan = {};
    scan.comps_in_scan = static_cast<int>(components.size());
    std::copy(components.begin(), components.end(), scan.component_index);
    scan.Ss = from;
    scan.Se = to;
}

} // namespace

/** Few scans, so that the tables of each do not outweigh it at a kilobyte. */
const std::array<jpeg_scan_info, 5>&
Scans()
{
    static const auto scans = [] {
        std::array<jpeg_scan_info, 5> made{};
        AddScan(made, 0, {0, 1, 2}, 0, 0);
        AddScan(made, 1, {0}, 1, 5);
        AddScan(made, 2, {1}, 1, 63);
        AddScan(made, 3, {2}, 1, 63);
        AddScan(made, 4, {0}, 6, 63);
        return made;
    }();
    return scans;
}

Bytes
Compress(const Image& image, int quality, bool progressive)
{
    Memory memory; // outlives what writes to it
    Compression c;
    jpeg_mem_dest(c.Get(), &memory.bytes, &memory.size);
    c->image_width = static_cast<JDIMENSION>(image.width);
    c->image_height = static_cast<JDIMENSION>(image.height);
    c->input_components = 3;
    c->in_color_space = JCS_RGB;
    jpeg_set_defaults(c.Get());
    jpeg_set_quality(c.Get(), quality, TRUE);
    c->dct_method = JDCT_ISLOW;
    if (progressive)
    {
        c->scan_info = Scans().data();
        c->num_scans = static_cast<int>(Scans().size());
    }
    else
    {
        c->restart_in_rows = 1;
    }
    jpeg_start_compress(c.Get(), TRUE);
    const size_t stride = size_t{3} * c->image_width;
    while (c->next_scanline < c->image_height)
    {
        auto* row = const_cast<JSAMPROW>(image.rgb.data()) + stride * c->next_scanline;
        jpeg_write_scanlines(c.Get(), &row, 1);
    }
    jpeg_finish_compress(c.Get());
    return {memory.bytes, memory.bytes + memory.size};
}

size_t
HeaderSize(const Bytes& file, bool progressive)
{
    const uint8_t lastMarker = progressive ? SOF2 : SOS;
    size_t at = 2;
    while (at + 4 <= file.size())
    {
        const uint8_t marker = file[at + 1];
        at += 2 + (size_t{file[at + 2]} << 8 | file[at + 3]);
        if (marker == lastMarker)
        {
            return at;
        }
    }
    throw Error("libjpeg wrote no JPEG file");
}

Bytes
Header(int side, int quality, bool progressive)
{
    const auto pixels = static_cast<size_t>(side) * static_cast<size_t>(side);
    const Image grey{side, side, std::vector<uint8_t>(3 * pixels, 128)};
    Bytes file = Compress(grey, quality, progressive);
    file.resize(HeaderSize(file, progressive));
    return file;
}

Image
Decompress(const Bytes& file)
{
    Decompression d;
    jpeg_mem_src(d.Get(), file.data(), file.size());
    jpeg_read_header(d.Get(), TRUE);
    d->out_color_space = JCS_RGB;
    d->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(d.Get());
    Image image;
    image.width = static_cast<int>(d->output_width);
    image.height = static_cast<int>(d->output_height);
    const size_t stride = size_t{3} * d->output_width;
    image.rgb.resize(stride * d->output_height);
    while (d->output_scanline < d->output_height)
    {
        auto* row = image.rgb.data() + stride * d->output_scanline;
        jpeg_read_scanlines(d.Get(), &row, 1);
    }
    return image;
}

} // namespace jpeg

} // namespace limitnet
