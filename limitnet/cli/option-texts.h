// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_CLI_OPTION_TEXTS_H
#define LIMITNET_CLI_OPTION_TEXTS_H

namespace limitnet
{

// What --help says of options that several commands have.

/** --data of commands that read one data set. */
constexpr const char* DATA_HELP = "folder that holds it (else $LIMITNET_DATA, then the cache)";

/** --data of commands that read several. */
constexpr const char* SETS_DATA_HELP = "folder that holds the sets that have a name";

/** --dataset, any kind of it. */
constexpr const char* DATASET_HELP =
    "cifar10, cifar100, imagenet, ecssd, or the path (with a slash) of a folder of pictures";

/** --model of commands that run a codec. */
constexpr const char* MODEL_HELP = "codec, by name or path";

/** --model of commands that read a .lim file. */
constexpr const char* MODEL_OF_FILE_HELP =
    "codec, by name or path (else the one that the file names)";

} // namespace limitnet

#endif // LIMITNET_CLI_OPTION_TEXTS_H
