// SPDX-License-Identifier: GPL-2.0-only
#ifndef LIMITNET_SCENARIO_OPTION_H
#define LIMITNET_SCENARIO_OPTION_H

#include <string>
#include <type_traits>
#include <vector>

namespace limitnet
{

/**
 * A key of a scenario: what it is called, what it takes, what it means. One is declared by the
 * functions in limitnet::keys and what follows them:
 *
 * \code
 * Real("path_loss_exponent").Default(3.76).Range(1, 8).Help("Exponent of the path loss.")
 * \endcode
 */
struct Option
{
    /** What values look like. */
    enum class Type
    {
        BOOLEAN,  ///< true or false
        INTEGER,  ///< whole number in minimum .. maximum
        REAL,     ///< number in minimum .. maximum
        TEXT,     ///< anything on one line
        NAME,     ///< of a folder to be made: without '/', no '.' in front
        CHOICE,   ///< one of the choices
        REAL_LIST ///< numbers in minimum .. maximum with commas between, possibly none
    };

    /** \name Declaration, each part once and in any order */
    ///@{
    Option& Default(const std::string& value); ///< as it is written; else empty

    /** \param value a number, or true or false */
    template <class Value, class = std::enable_if_t<std::is_arithmetic_v<Value>>>
    Option& Default(Value value)
    {
        if constexpr (std::is_same_v<Value, bool>)
        {
            return Default(std::string(value ? "true" : "false"));
        }
        else if constexpr (std::is_integral_v<Value>)
        {
            return Default(std::to_string(value));
        }
        else
        {
            return Default(TextOf(value));
        }
    }

    Option& Range(double least, double most);  ///< of numbers, both included; else any
    Option& Unit(const std::string& name);     ///< such as "m"; see units.h for those there are
    Option& Help(const std::string& sentence); ///< one sentence, or a few

    /** A group may have a value of its own (OptionTable::AllowGroups()). */
    Option& ForGroups();

    /** Its value is the path of a file that a run reads, where there is such a file. */
    Option& NamesFile();

    /** Which files a run reads depends on it. */
    Option& SelectsFiles();

    /**
     * It counts only where another key has one of these values. On the command line there is a
     * warning elsewhere, and no error, since a sweep may go over both keys; in a file there is
     * none, since the record of a run has all keys.
     */
    Option& OnlyWith(const std::string& other, const std::vector<std::string>& values);
    ///@}

    std::string key; ///< "section.name", or "name" for a key that stands before all sections
    Type type = Type::TEXT;
    std::string defaultValue;
    std::string unit; ///< empty when it has none
    double minimum = 0;
    double maximum = 0;
    std::vector<std::string> choices;
    std::string help;
    bool forGroups = false;
    bool namesFile = false;
    bool selectsFiles = false;
    std::string otherKey; ///< see OnlyWith(); empty: it counts always
    std::vector<std::string> otherValues;

  private:
    static std::string TextOf(double value);
};

/**
 * How keys begin; the name is the one below the section.
 */
namespace keys
{

Option Boolean(const std::string& name); ///< true or false
Option Integer(const std::string& name); ///< a whole number
Option Real(const std::string& name);    ///< a number
Option Reals(const std::string& name);   ///< numbers with commas between, possibly none
Option Text(const std::string& name);    ///< anything on one line
Option Name(const std::string& name);    ///< of a folder to be made
Option Choice(const std::string& name, const std::vector<std::string>& choices); ///< one of these

} // namespace keys

/** \return "devices" of "devices.count"; empty for a key that stands before all sections */
std::string SectionOf(const std::string& key);

/** \return "count" of "devices.count" */
std::string NameOf(const std::string& key);

/** \return what a key takes, for a sentence: "a whole number from 1 to 100 (m)" */
std::string Takes(const Option& option);

/** \return the same, short, for tables: "1..100" */
std::string ShortTakes(const Option& option);

/**
 * \return the type in words; a real number's range shows that it is one: "0..1" means whole numbers
 *         elsewhere
 */
std::string TypeName(const Option& option);

/** \return the numbers of a list that CheckValue() has let pass */
std::vector<double> NumbersOf(const std::string& text);

/**
 * \return a value with its units changed to the key's, and its numbers as all are written in a
 * record \throws Error that begins with \p where
 */
std::string InKeysUnit(const Option& option, const std::string& text, const std::string& where);

/**
 * Checks a value.
 *
 * \throws Error that begins with \p where and says what would be right
 */
void CheckValue(const Option& option, const std::string& text, const std::string& where);

} // namespace limitnet

#endif // LIMITNET_SCENARIO_OPTION_H
