"""Conan 2 recipe for the checkout that it lies in.

    conan create tests/consumers/conan

The package is what CMake installs, its CMake files included, so that consumers write find_package(mae COMPONENTS io) as
everywhere. With the option io (the default) what mae/io needs comes along; Eigen, xtensor and JPEG are the consumer's.
"""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

REPOSITORY = os.path.join("..", "..", "..")


class MaeRecipe(ConanFile):
    name = "mae"
    description = "Masked Autoencoders in C++20"
    license = "MIT"
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"io": [True, False]}
    default_options = {"io": True}

    def set_version(self):
        config = load(self, os.path.join(self.recipe_folder, REPOSITORY, "include", "mae", "core", "config.hpp"))
        self.version = ".".join(re.findall(r"#define MAE_VERSION_\w+ (\d+)", config))

    def export_sources(self):
        source = os.path.join(self.recipe_folder, REPOSITORY)
        for pattern in ("CMakeLists.txt", "LICENSE", "include/*"):
            copy(self, pattern, source, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        if self.options.io:
            self.requires("nlohmann_json/[>=3.9 <4]")
            self.requires("libpng/[>=1.6 <2]")
            self.requires("zlib/[>=1.2 <2]")

    def validate(self):
        check_min_cppstd(self, 20)

    def package_id(self):
        self.info.settings.clear()

    def generate(self):
        toolchain = CMakeToolchain(self)
        for option in ("IO", "EIGEN", "XTENSOR", "BUILD_TESTS", "BUILD_EXAMPLES"):
            toolchain.cache_variables[f"MAE_{option}"] = False
        toolchain.generate()

    def build(self):
        CMake(self).configure()

    def package(self):
        CMake(self).install(component="mae")
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("share", "cmake", "mae")]
