# SPDX-License-Identifier: GPL-2.0-only
"""The two ns-3 modules for waf, the build system of ns-3 up to 3.35.

Which files, examples and libraries a module has is read from its CMakeLists.txt, so there is one
list of them. tests/lint/check-bridge.py compares what is read with the files on disk.
"""

import glob
import os
import re

HERE = os.path.dirname(os.path.realpath(__file__))
CHECKOUT = os.path.dirname(HERE)
MODULES = ("limitnet", "lpwan")

# CMake's variable of a library that is not ns-3's: waf's name of it.
EXTERNAL = {
    "NETTLE_LIBRARY": "NETTLE",
    "LIMITNET_LIBRARY": "LIMITNET",
    "LIMITNET_SCENARIO_LIBRARY": "LIMITNET_SCENARIO",
}


# --- what the CMakeLists.txt say ------------------------------------------------------------------

COMMAND = re.compile(r'(\w+)[ \t]*\(((?:"(?:[^"\\]|\\.)*"|[^()"])*)\)')
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
VARIABLE = re.compile(r"\$\{(\w+)\}")


class CMakeLists:
    """The calls of build_lib() and build_lib_example() in the lists of a module.

    Knows of CMake's language what is used there, set() and foreach() of plain words, and refuses
    the other ways to change a list.
    """

    def __init__(self, module, root=CHECKOUT):
        self.variables = {}
        self.libraries = []
        self.examples = []
        folder = os.path.join(root, "ns3-module", module)
        for name in ("CMakeLists.txt", os.path.join("examples", "CMakeLists.txt")):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, encoding="utf-8") as lists:
                    text = re.sub(r"^\s*#.*|\s#.*", "", lists.read(), flags=re.MULTILINE)
                self._run([(command, WORD.findall(arguments))
                           for command, arguments in COMMAND.findall(text)], path)
        if len(self.libraries) != 1 or self.libraries[0]["LIBNAME"] != [module]:
            raise ValueError("%s: there is no build_lib(LIBNAME %s ...)" % (folder, module))
        self.library = self.libraries[0]

    def _expand(self, words):
        """A variable that is a word of its own becomes its words; one within a word its text. Those
        not set here, ns-3's libraries among them, stay as they are."""
        expanded = []
        for word in words:
            whole = VARIABLE.match(word)
            if whole and whole.group(0) == word:
                expanded += self.variables.get(whole.group(1), [word])
            else:
                expanded.append(VARIABLE.sub(
                    lambda use: " ".join(self.variables.get(use.group(1), [use.group(0)])), word))
        return expanded

    def _run(self, commands, path):
        index = 0
        while index < len(commands):
            command, words = commands[index]
            index += 1
            if command == "set":
                self.variables[words[0]] = self._expand(words[1:])
            elif command == "foreach":
                if "IN" in words or "RANGE" in words:
                    raise ValueError("%s: foreach(%s): only plain words" % (path, " ".join(words)))
                end = index
                while commands[end][0] != "endforeach":
                    end += 1
                for value in self._expand(words[1:]):
                    self.variables[words[0]] = [value]
                    self._run(commands[index:end], path)
                index = end + 1
            elif command == "build_lib":
                self.libraries.append(self._call(words))
            elif command == "build_lib_example":
                self.examples.append(self._call(words))
            elif command in ("file", "list", "target_sources", "function", "macro"):
                raise ValueError("%s: %s() is not read by wscript-bridge/" % (path, command))

    def _call(self, words):
        call = {"LIBNAME": [], "NAME": [], "SOURCE_FILES": [], "HEADER_FILES": [],
                "LIBRARIES_TO_LINK": [], "TEST_SOURCES": []}
        into = None
        for word in self._expand(words):
            if word in call:
                into = call[word]
            elif into is None:
                raise ValueError("%s: not under a keyword" % word)
            else:
                into.append(word)
        # ${libcore} is the module core of ns-3.
        call["modules"], call["externals"] = [], []
        for word in call["LIBRARIES_TO_LINK"]:
            name = VARIABLE.match(word).group(1) if VARIABLE.match(word) else word
            if name.startswith("lib"):
                call["modules"].append(name[3:])
            elif name in EXTERNAL:
                call["externals"].append(EXTERNAL[name])
            else:
                raise ValueError("library %s is not known to wscript-bridge/" % word)
        return call


def all_externals(module):
    """Libraries that a module needs, by itself or by the other module that it stands on."""
    library = CMakeLists(module).library
    needed = list(library["externals"])
    for other in library["modules"]:
        if other in MODULES:
            needed += all_externals(other)
    return needed


# --- waf ------------------------------------------------------------------------------------------


def module_of(context):
    """The name of the module whose wscript is running."""
    return os.path.basename(os.path.realpath(context.path.abspath()))


def options(opt):
    if module_of(opt) == "limitnet":
        opt.add_option("--with-limitnet", default="", dest="with_limitnet",
                       help="Where the library limitnet is, for the module limitnet: the prefix "
                            "that it is installed to, or its build folder")


def find_limitnet(conf):
    """Sets what compiles and links with the library limitnet; False where it is not there."""
    given = conf.options.with_limitnet
    for prefix in [given] if given else [os.path.join(CHECKOUT, "build"), "/usr/local", "/usr"]:
        prefix = os.path.abspath(os.path.expanduser(prefix))
        found = glob.glob(os.path.join(prefix, "lib*", "liblimitnet.so")) \
            + glob.glob(os.path.join(prefix, "lib", "*", "liblimitnet.so"))
        include = os.path.join(prefix, "include")
        cache = os.path.join(prefix, "CMakeCache.txt")
        if os.path.isfile(cache):
            with open(cache, encoding="utf-8") as entries:
                include = re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", entries.read(),
                                    re.MULTILINE).group(1)
        if not found or not os.path.isfile(
                os.path.join(include, "limitnet", "scenario", "option-table.h")):
            continue
        folder = os.path.dirname(found[0])
        conf.env.append_value("NS3_MODULE_PATH", folder)  # what ./waf --run has in LD_LIBRARY_PATH
        for name, library in (("LIMITNET", "limitnet"), ("LIMITNET_SCENARIO", "limitnet-scenario")):
            conf.env["INCLUDES_" + name] = [include]
            conf.env["LIBPATH_" + name] = [folder]
            conf.env["LIB_" + name] = [library]
            conf.env["LINKFLAGS_" + name] = ["-Wl,-rpath-link," + folder]
        conf.msg("Library limitnet", found[0])
        return True
    return False


def configure(conf):
    module = module_of(conf)
    needed = all_externals(module)
    missing = ""
    if "NETTLE" in needed and not conf.check_nonfatal(
            lib="nettle", header_name="nettle/cmac.h", uselib_store="NETTLE"):
        missing = "it needs nettle with its headers, on Debian the package nettle-dev"
    elif "LIMITNET" in needed and not find_limitnet(conf):
        missing = ("it needs the library limitnet: build it in %s or install it, and give "
                   "--with-limitnet=PREFIX" % CHECKOUT)
    conf.report_optional_feature(module, "ns-3 module " + module, not missing, missing)
    if missing:
        # In src/ modules go by their names, in contrib/ by their folders as well.
        place = conf.path.path_from(conf.path.parent)
        for name in {module, place, conf.path.path_from(conf.srcnode.find_dir("contrib"))}:
            conf.env.append_value("MODULES_NOT_BUILT", name)


COMPATIBILITY = os.path.join(CHECKOUT, "ns3-module", "lpwan", "model", "lpwan-compatibility.h")


def adapt(env):
    """The modules are written for today's C++ and ns-3."""
    env.append_value("DEFINES", "LPWAN_WAF")
    env.append_value("CXXFLAGS", ["-include", COMPATIBILITY])
    # ns-3's default was C++11 up to 3.34, and the last flag counts.
    standards = [flag for flag in env["CXXFLAGS"] if flag.startswith("-std=")]
    if not standards or standards[-1][-2:] in ("11", "14", "0x", "1y"):
        env.append_value("CXXFLAGS", "-std=c++17")


def build(bld):
    module = module_of(bld)
    if module in bld.env["MODULES_NOT_BUILT"]:
        return
    lists = CMakeLists(module)

    library = bld.create_ns3_module(module, lists.library["modules"])
    library.source = lists.library["SOURCE_FILES"]
    library.use += lists.library["externals"]
    adapt(library.env)

    tests = bld.create_ns3_module_test_library(module)
    tests.source = lists.library["TEST_SOURCES"]
    tests.use += all_externals(module)
    adapt(tests.env)

    headers = bld(features="ns3header")
    headers.module = module
    headers.source = lists.library["HEADER_FILES"]

    if bld.env["ENABLE_EXAMPLES"]:
        for example in lists.examples:
            program = bld.create_ns3_program(example["NAME"][0], example["modules"])
            program.path = bld.path.find_dir("examples")
            program.source = example["SOURCE_FILES"]
            program.use += example["externals"]
            adapt(program.env)
