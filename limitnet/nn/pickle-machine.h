// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_NN_PICKLE_MACHINE_H
#define LIMITNET_NN_PICKLE_MACHINE_H

#include "limitnet/codec/error.h"
#include "limitnet/nn/pickle-globals.h"
#include "limitnet/nn/pickle-reader.h"
#include "limitnet/nn/text.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace limitnet
{

/** The stack machine of one pickle. */
class PickleTree::Machine
{
  public:
    using Kind = PickleValue::Kind;

    /** \param tree takes the values */
    Machine(PickleTree& tree, std::string_view bytes)
        : m_tree(tree),
          m_bytes(bytes.substr(0, MAX_BYTES))
    {
    }

    /** Reads the pickle. \throws Error: what is refused or wrong, and where */
    void Run()
    {
        while (Step())
        {
        }
        m_tree.m_size = m_at;
    }

  private:
    /** One instruction. \return false after the last one */
    bool Step();

    // --- the bytes ---

    [[noreturn]] void Fail(const std::string& what) const
    {
        throw Error(Text("damaged or no pickle: ", what, " at byte ", m_opcodeAt));
    }

    std::string_view Take(uint64_t count)
    {
        if (count > m_bytes.size() - m_at)
        {
            Fail("it ends within the instruction");
        }
        const auto taken = m_bytes.substr(m_at, count);
        m_at += count;
        return taken;
    }

    /** A little-endian number of 1 to 8 bytes. */
    uint64_t TakeNumber(size_t bytes)
    {
        uint64_t number = 0;
        const auto taken = Take(bytes);
        for (size_t i = 0; i < bytes; ++i)
        {
            number |= uint64_t{static_cast<uint8_t>(taken[i])} << (8 * i);
        }
        return number;
    }

    /** Up to the end of the line, which is taken as well. */
    std::string_view TakeLine()
    {
        const auto end = m_bytes.find('\n', m_at);
        if (end == std::string_view::npos)
        {
            Fail("a line without an end");
        }
        const auto line = Take(end - m_at);
        Take(1);
        return line;
    }

    // --- memory ---

    /** Count bytes of memory before they are used. */
    void Spend(size_t bytes)
    {
        m_spent += bytes;
        if (m_spent > MAX_MEMORY)
        {
            Fail(Text("it needs more than ", MAX_MEMORY >> 20, " MiB of memory"));
        }
    }

    PickleValue* New(Kind kind, std::string_view text = {})
    {
        Spend(sizeof(PickleValue) + text.size());
        auto& value = m_tree.m_values.emplace_back();
        value.kind = kind;
        value.text = text;
        return &value;
    }

    PickleValue* NewInteger(int64_t integer, Kind kind = Kind::INT)
    {
        auto* value = New(kind);
        value->integer = integer;
        return value;
    }

    PickleValue* NewTuple(std::vector<PickleValue*> items)
    {
        auto* tuple = New(Kind::TUPLE);
        AddItems(*tuple, items.begin(), items.end());
        return tuple;
    }

    template <class Iterator>
    void AddItems(PickleValue& value, Iterator first, Iterator last)
    {
        Spend(2 * sizeof(void*) * static_cast<size_t>(last - first)); // twice: room to grow
        value.items.insert(value.items.end(), first, last);
    }

    void AddEntry(PickleValue& dict, const PickleValue* key, const PickleValue* value)
    {
        Spend(4 * sizeof(void*));
        dict.entries.emplace_back(key, value);
    }

    // --- the stack ---

    void Push(PickleValue* value)
    {
        Spend(2 * sizeof(void*));
        m_stack.push_back(value);
    }

    size_t Floor() const
    {
        return m_marks.empty() ? 0 : m_marks.back();
    }

    PickleValue* Top() const
    {
        if (m_stack.size() <= Floor())
        {
            Fail("an instruction without its operand");
        }
        return m_stack.back();
    }

    PickleValue* Pop()
    {
        auto* value = Top();
        m_stack.pop_back();
        return value;
    }

    /** All values above the last mark, which is removed. */
    std::vector<PickleValue*> PopMark()
    {
        if (m_marks.empty())
        {
            Fail("an instruction without its mark");
        }
        const auto first = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
        std::vector<PickleValue*> values(first, m_stack.end());
        m_stack.erase(first, m_stack.end());
        m_marks.pop_back();
        return values;
    }

    PickleValue* Pop(Kind kind, const char* what)
    {
        auto* value = Pop();
        if (value->kind != kind)
        {
            Fail(Text(what, " expected"));
        }
        return value;
    }

    // --- what instructions have in common ---

    void Memoise(uint64_t index)
    {
        Spend(8 * sizeof(void*));
        m_memo[index] = Top();
    }

    void PushMemo(uint64_t index)
    {
        const auto found = m_memo.find(index);
        if (found == m_memo.end())
        {
            Fail("a value that was not remembered");
        }
        Push(found->second);
    }

    /** For a message: printable, and not longer than a line. */
    static std::string Printable(std::string_view text);

    /** A class or function by name: here is where everything unknown is refused. */
    PickleValue* Global(std::string_view module, std::string_view name)
    {
        // A name with a dot would be an attribute of an attribute (protocol 4): never accepted.
        auto full = std::string(module.substr(0, 1000)) + '.';
        full += name.substr(0, 1000);
        if (name.find('.') != std::string_view::npos || !IsAcceptedGlobal(full))
        {
            throw Error(Text("refused: it names '",
                             Printable(full),
                             "', which is not among the classes that a checkpoint of LimitNet is "
                             "made of (nothing was run)"));
        }
        return New(Kind::CLASS, full);
    }

    PickleValue* NewObject(const PickleValue& type, const PickleValue* args)
    {
        auto* object = New(Kind::OBJECT, type.text);
        object->args = args;
        return object;
    }

    /** What `type(*args)` stands for. */
    PickleValue* Call(const PickleValue& type, const PickleValue* args);
    PickleValue* Tensor(const PickleValue* args);
    PickleValue* Persistent(const PickleValue& id);
    void Append(PickleValue& target, const std::vector<PickleValue*>& values);
    void SetItems(PickleValue& target, const std::vector<PickleValue*>& values);
    void PushNumber(std::string_view bytes);

    PickleTree& m_tree;
    std::string_view m_bytes;
    size_t m_at = 0;
    size_t m_opcodeAt = 0;
    size_t m_spent = 0;
    std::vector<PickleValue*> m_stack;
    std::vector<size_t> m_marks; // each the size that the stack had
    std::unordered_map<uint64_t, PickleValue*> m_memo;
};

} // namespace limitnet

#endif // LIMITNET_NN_PICKLE_MACHINE_H
