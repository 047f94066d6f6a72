// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_DATA_CACHE_LOCK_H
#define LIMITNET_DATA_CACHE_LOCK_H

#include <ostream>
#include <string>

namespace limitnet
{

/**
 * Lets one process at a time work on a file of the cache; released at the end, also of a killed
 * process.
 */
class CacheLock
{
  public:
    /**
     * Waits until no other process has it.
     *
     * \param name of what is made; the lock is a file of that name in the cache's folder `locks`
     * \param progress a line about waiting goes there
     * \throws Error when the cache cannot be written
     */
    CacheLock(const std::string& name, std::ostream& progress);
    ~CacheLock();
    CacheLock(const CacheLock&) = delete;
    CacheLock& operator=(const CacheLock&) = delete;

  private:
    int m_descriptor;
};

} // namespace limitnet

#endif // LIMITNET_DATA_CACHE_LOCK_H
