// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_PICKLE_READER_H
#define LIMITNET_NN_PICKLE_READER_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limitnet
{

/** Type of a storage's elements, by the names that PyTorch gives its storage classes. */
enum class ElementType
{
    FLOAT16,
    BFLOAT16,
    FLOAT32,
    FLOAT64,
    UINT8,
    INT8,
    INT16,
    INT32,
    INT64,
    OTHER //!< known by name, but not one that a network's weights have
};

/** \return bytes of one element; 0 for ElementType::OTHER */
size_t ElementSize(ElementType type);

/**
 * One value of a pickle, as data: nothing of the classes it names exists here.
 *
 * Values refer to each other by pointers into their PickleTree. The same value may be referred to
 * several times, and a list may even contain itself, so whoever walks a tree has to bound the walk.
 */
struct PickleValue
{
    enum class Kind
    {
        NONE,
        BOOL,
        INT,
        FLOAT,
        STRING,
        BYTES,
        LIST,
        TUPLE,
        SET,
        DICT,    //!< also OrderedDict and defaultdict; in the order of insertion
        CLASS,   //!< a class or function of the accepted list, by name
        OBJECT,  //!< what calling an accepted class would have made
        STORAGE, //!< a tensor's memory, by its key in the file
        TENSOR   //!< a view of a storage
    };

    Kind kind = Kind::NONE;
    ElementType elementType = ElementType::OTHER; //!< STORAGE
    int64_t integer = 0;                          //!< BOOL, INT; STORAGE: number of elements
    double number = 0;                            //!< FLOAT
    std::string text; //!< STRING, BYTES; CLASS, OBJECT: "module.name"; STORAGE: key
    std::vector<const PickleValue*> items; //!< LIST, TUPLE, SET
    /** DICT, and OBJECT of a class that is a dict; a key may occur again, and the last one counts.
     */
    std::vector<std::pair<const PickleValue*, const PickleValue*>> entries;
    const PickleValue* args = nullptr;  //!< OBJECT, TENSOR: tuple of the call's arguments
    const PickleValue* state = nullptr; //!< OBJECT, DICT: what its attributes were set from

    /**
     * \param key a string
     * \return the last value of a DICT's or OBJECT's entries with that key; null when there is none
     */
    const PickleValue* Find(std::string_view key) const;
};

/** A TENSOR's arguments, taken apart. Nothing about its size is checked against the storage. */
struct PickleTensor
{
    const PickleValue* storage = nullptr; //!< of kind STORAGE
    int64_t offset = 0;                   //!< first element, 0 or more
    std::vector<int64_t> size;            //!< 0 or more each
    std::vector<int64_t> stride;          //!< as many as size, 0 or more each

    /**
     * \param tensor a value of kind TENSOR
     * \return its parts
     */
    static PickleTensor Of(const PickleValue& tensor);
};

/**
 * What a Python pickle (protocols 2 to 5) says, read without running anything.
 *
 * A pickle is a program for a small stack machine that may call any function of any module; that is
 * how opening a downloaded checkpoint can run code. Here nothing can be called: the machine builds
 * PickleValue records, and it does so only for the classes on a fixed list (ordered dicts, sets,
 * tensors and their storages, and what the modules of the LimitNet release are made of:
 * torch.nn, efficientnet_pytorch, torchmetrics, torchvision's transforms, Lightning). A pickle that
 * names anything else is refused as a whole.
 *
 * Reading is total: any bytes give a tree or an Error, within MAX_MEMORY and without recursion.
 */
class PickleTree
{
  public:
    /** The longest pickle that is read; the release's modules take some 100 KiB. */
    static constexpr size_t MAX_BYTES = size_t{64} << 20;

    /** Bytes that a tree may take in memory. */
    static constexpr size_t MAX_MEMORY = size_t{512} << 20;

    /**
     * \param bytes starts with a pickle; more may follow it
     * \throws Error in one line without the file's name: what is refused or wrong, and where
     */
    explicit PickleTree(std::string_view bytes);

    PickleTree(const PickleTree&) = delete;
    PickleTree& operator=(const PickleTree&) = delete;
    PickleTree(PickleTree&&) = default;

    /** \return the value that the pickle stands for */
    const PickleValue& Root() const
    {
        return *m_root;
    }

    /** \return how many bytes the pickle took */
    size_t Size() const
    {
        return m_size;
    }

    /** \return all storages that the pickle names, by key */
    const std::map<std::string, const PickleValue*>& Storages() const
    {
        return m_storages;
    }

    /**
     * \param name "module.name"
     * \return whether a pickle may name it
     */
    static bool Accepts(std::string_view name);

  private:
    class Machine;

    std::deque<PickleValue> m_values; // owns all values; a deque, so that they stay in place
    std::map<std::string, const PickleValue*> m_storages;
    const PickleValue* m_root = nullptr;
    size_t m_size = 0;
};

} // namespace limitnet

#endif // LIMITNET_NN_PICKLE_READER_H
