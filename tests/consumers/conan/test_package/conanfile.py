import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout


class Consumer(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeToolchain", "CMakeDeps"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        if can_run(self):
            version = str(self.dependencies["mae"].ref.version)
            self.run(f"{os.path.join(self.cpp.build.bindir, 'consumer')} {version}", env="conanrun")
            self.run(os.path.join(self.cpp.build.bindir, "consumer_io"), env="conanrun")
