#!/bin/sh
# doctor.sh PROGRAMS DATA FOLDER
#
# The program `doctor` on made-up machines: compilers, MPI and GPUs are scripts, disks are folders that can or cannot be
# written. FOLDER is emptied. How fast anything is is not asked.
set -eu
export LC_ALL=C
programs=$1 folder=$3
rm -rf "$folder"
mkdir -p "$folder/empty" "$folder/tools" "$folder/home" "$folder/kit"
cd "$folder"
doctor=$PWD/kit/doctor  # where another toolkit can stand beside it
cp "$programs/doctor" kit
# toolkit COMPILER: the one that models are compiled with.
toolkit() { sed "s|\"compiler\": \"[^\"]*\"|\"compiler\": \"$1\"|" "$programs/toolkit.json" > kit/toolkit.json; }
export HOME="$PWD/home" TMPDIR="$PWD"
unset CXX XDG_CACHE_HOME || :
fail() { echo "$1"; cat said.txt; exit 1; }
# says PATTERN: a line of what was said.
says() { grep -Eq -- "$1" said.txt || fail "it does not say: $1"; }
# examine STATUS VARIABLES...: the quick look, with that status.
examine() {
  expected=$1 status=0
  shift
  env "$@" "$doctor" --quick >said.txt 2>&1 || status=$?
  [ "$status" -eq "$expected" ] || fail "status $status instead of $expected with $*"
}
# tool NAME: a script of the folder tools, from standard input.
tool() { { echo '#!/bin/sh'; cat; } >"tools/$1"; chmod +x "tools/$1"; }
work=$PWD

# Nothing on the path: programs that are compiled in do without.
examine 0 PATH="$work/empty"
says '^note +compiler +none that takes C\+\+20'
says '^ +-> only the models that are compiled in can be used'
if grep -q toolkit said.txt; then fail "it speaks of a toolkit without a compiler"; fi
says '^OK +MPI +no mpirun'
says '^OK +instructions +(avx512|avx2|baseline) is chosen|^note +instructions +baseline'
says '^(OK|note) +work +.*free, written at'
says "^(OK|note) +cache +$work/home/.cache/mae, which is made when it is needed"
says '^fit to train, [0-9]+ worth a note$'
[ ! -e home/.cache ] || fail "it makes the cache"
[ "$(find . -name '.mae-doctor*' | wc -l)" -eq 0 ] || fail "it leaves files behind"

# Compilers: one that takes C++20, under two names; one that does not; one that is asked for and is not there.
tool c++ <<'TOOL'
case "$*" in *--version*) echo "c++ (Made up) 12.1" ;; *) exec cat >/dev/null ;; esac
TOOL
sed 's/c++ (/g++ (/' tools/c++ >tools/g++; chmod +x tools/g++
tool clang++ <<'TOOL'
[ "$1" = --version ] && { echo "Made-up clang version 9"; exit; }
echo "error: invalid value 'c++20'"; exit 1
TOOL
tool mpirun <<'TOOL'
echo "mpirun (Open MPI) 4.1.4"; echo "more"
TOOL
tool nvidia-smi <<'TOOL'
echo "NVIDIA Made-up, 81920 MiB, 550.54"
TOOL
examine 0 PATH="$work/tools:$PATH"
says '^OK +compiler +c\+\+, g\+\+: c\+\+ \(Made up\) 12.1, takes C\+\+20$'
says '^note +compiler +clang\+\+: Made-up clang version 9, does not take -std=c\+\+20$'
says '^OK +MPI +mpirun \(Open MPI\) 4.1.4$'
says '^(OK|note) +GPU +NVIDIA Made-up, 81920 MiB, 550.54; this build'
says '^note +toolkit +no toolkit.json beside this program'
# What models are compiled with on demand: the compiler of the toolkit, if it is there, is asked first.
toolkit "$work/tools/g++"
examine 0 PATH="$work/tools:$PATH"
says "^OK +compiler +$work/tools/g\+\+, c\+\+, g\+\+: g\+\+ \(Made up\) 12.1, takes C\+\+20$"
says "^OK +toolkit +models of any size are compiled on demand by $work/tools/g\+\+, as $work/kit/toolkit.json says$"
toolkit "$work/tools/clang++"
examine 0 PATH="$work/tools:$PATH"
says "^note +toolkit +$work/tools/clang\+\+, which models are compiled with on demand, does not take C\+\+20$"
toolkit /nowhere/c++
examine 0 PATH="$work/tools:$PATH" CXX="g++ -O1"
says "^OK +toolkit +models of any size are compiled on demand by $work/tools/g\+\+ -O1, as "
sed -i "s|\"[^\"]*/libmae_programs.a\"|\"/nowhere/libmae_programs.a\"|" kit/toolkit.json
examine 0 PATH="$work/tools:$PATH"
says '^note +toolkit +.*/kit/toolkit.json has the path /nowhere/libmae_programs.a, which is not there$'
for damaged in '' '{' '[]' '{"compiler": 3}' '{"compiler": "c++"}'; do
  printf '%s' "$damaged" > kit/toolkit.json
  examine 1 PATH="$work/tools:$PATH"
  says '^problem +toolkit +.*/kit/toolkit.json: found what is no toolkit, expected the file that was written when mae was built$'
done
rm kit/toolkit.json
examine 1 PATH="$work/tools:$PATH" CXX="nowhere++"
says '^problem +compiler +CXX is nowhere\+\+, which is not found$'
says '^ +-> set CXX to a compiler that is there, or unset it$'
says '^1 to be cured, '
examine 0 PATH="$work/tools:$PATH" CXX="g++ -O1"
says '^OK +compiler +g\+\+ -O1, c\+\+, g\+\+: g\+\+ \(Made up\) 12.1'
tool nvidia-smi <<'TOOL'
echo "NVIDIA-SMI has failed: no driver"; exit 9
TOOL
printf '#!/bin/sh\nprintf "\\033[2Jbad"; exit 3\n' >tools/mpirun
examine 0 PATH="$work/tools:$PATH"
says '^note +GPU +nvidia-smi fails: NVIDIA-SMI has failed: no driver$'
says '^note +MPI +mpirun is there but fails: \\x1b\[2Jbad$'

# Disks: a temporary folder that is none, and caches that others could write programs to.
examine 1 PATH="$work/tools:$PATH" TMPDIR=/dev/null
says '^problem +temporary +/dev/null is no folder$'
says '^ +-> set TMPDIR to a folder that can be written$'
examine 1 PATH="$work/tools:$PATH" TMPDIR=/proc
says '^problem +temporary +/proc cannot be written: '
examine 1 PATH="$work/tools:$PATH" TMPDIR="$work/nowhere"
says '^problem +temporary .*/nowhere is not there$'
if grep -q ' /dev/shm .*noexec' /proc/mounts && [ -w /dev/shm ]; then
  examine 0 PATH="$work/tools:$PATH" XDG_CACHE_HOME=/dev/shm
  says '^note +cache +/dev/shm/mae, .* on a disk from which no program can be executed$'
fi
mkdir -p cache/mae
chmod 777 cache/mae
examine 0 PATH="$work/tools:$PATH" XDG_CACHE_HOME="$work/cache"
says "^note +cache +$work/cache/mae is a folder that others can write to, so that another one is taken$"
says "^ +-> make it yours alone, chmod 700, or set XDG_CACHE_HOME"
chmod 700 cache/mae
examine 0 PATH="$work/tools:$PATH" XDG_CACHE_HOME="$work/cache"
examine 0 -u HOME PATH="$work/tools:$PATH"
says '^note +cache +neither XDG_CACHE_HOME nor HOME is set$'

# What the environment says of threads and languages.
examine 0 PATH="$work/tools:$PATH" OMP_NUM_THREADS=1000
says '^note +threads +(1000 by OMP_NUM_THREADS, of which|one: this build has no OpenMP)'
examine 0 PATH="$work/tools:$PATH" LC_ALL=xx_YY.UTF-8
says '^note +locale +xx_YY.UTF-8 is not installed here$'
says '^OK +terminal +none that lines can be drawn over'
if command -v taskset >/dev/null && [ "$(nproc)" -gt 1 ]; then
  taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')" "$doctor" --quick >said.txt
  says '^note +affinity +1 of [0-9]+ processors may be used$'
fi
# A limit of memory.
(ulimit -v 1500000 && "$doctor" --quick >said.txt) || fail "it does not work with little memory"
says '^(OK|note|problem) +memory +.*; ulimit -v leaves '

# The whole, with the test of the processor; and as JSON.
PATH="$work/tools:$PATH" "$doctor" --json >said.txt
says '"problems":0'
says '"state":"OK","name":"products","text":"12 products against plain loops'
says '"state":"OK","name":"training","text":"a small model for 8 updates: loss 2.79500 to 0.8871'
says '"name":"speed","text":"1 thread: products '
[ "$(wc -l <said.txt)" -eq 1 ] || fail "more than one line"

if "$doctor" --quick --threads 3 >said.txt 2>&1; then fail "it takes a flag that it does not have"; fi
says '^mae: command line: found --threads, expected '
