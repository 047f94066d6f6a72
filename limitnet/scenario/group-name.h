// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_GROUP_NAME_H
#define LIMITNET_SCENARIO_GROUP_NAME_H

#include <string>

namespace limitnet
{

/** \return the section of a group, `group.NAME`, with which each of its keys begins */
std::string GroupSection(const std::string& name);

/** \return whether a key is one of a group, `group.NAME.section.key`, or a group's section */
bool IsGroup(const std::string& key);

/** \return whether a text may be the name of a group */
bool IsGroupName(const std::string& name);

/** \return NAME of `group.NAME` or `group.NAME.section.key` */
std::string GroupNameOf(const std::string& key);

/** \return `section.key` of `group.NAME.section.key`; empty for `group.NAME` */
std::string KeyInGroup(const std::string& key);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_GROUP_NAME_H
