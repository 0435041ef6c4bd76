#!/bin/sh
# runs.sh PROGRAMS DATA FOLDER
#
# What happens to runs of days: another program in their folder, an image that goes away, a terminal that closes, a
# disk or a memory that is too small, weights that are no numbers, a wish for more epochs. Nothing of it loses what was
# learnt, and where a run goes on it ends in the bits of one to which nothing happened.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export PATH="$1:$PATH" LC_ALL=C OMP_NUM_THREADS=1
data=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
digits="pretrain --model digits-8 --data $data/optdigits-images-idx3-ubyte --shift 1"
fail() { echo "$*"; exit 1; }
says() { grep -q -e "$2" "$1" || { echo "$1 does not say $2:"; cat "$1"; exit 1; }; }
# waits_for FILE TEXT PROCESS: until the file has the text.
waits_for() {
  while ! grep -q -e "$2" "$1" 2> /dev/null; do
    kill -0 "$3" 2> /dev/null || { echo "the run ended before $1 had $2"; exit 1; }
    sleep 0.02
  done
}
# refused MESSAGE COMMAND...: status 1 and one line like that on stderr.
refused() {
  message=$1 status=0
  shift
  "$@" > out.txt 2> error.txt || status=$?
  [ $status -eq 1 ] || fail "status $status of: $*"
  # shellcheck disable=SC2254
  case $(cat error.txt) in $message) ;; *) echo "$* says:" && cat error.txt && exit 1 ;; esac
}
# goes_on FOLDER: the run there can be resumed, and stopped again.
goes_on() {
  pretrain --resume --out "$1" > resumed.txt &
  run=$!
  waits_for resumed.txt "^epoch " $run
  kill -s TERM $run
  wait $run || fail "status $? of a run that goes on"
}
updates() { find "$1" -name 'checkpoint-*' | sed 's/.*checkpoint-\([0-9]*\).*/\1/' | sort -n | tail -n 1; }
without_time() { sed 's/"images_per_second":[^,}]*//' "$1"; }
# same WHOLE OTHER: the same last checkpoint, model and log.
same() {
  for name in model.safetensors encoder.safetensors "checkpoint-$(updates "$1").safetensors"; do
    cmp "$1/$name" "$2/$name"
  done
  without_time "$1/log.jsonl" > whole.log
  without_time "$2/log.jsonl" > other.log
  cmp whole.log other.log
}

echo "--- one program writes to a folder"
$digits --epochs 500 --log_every 1 --checkpoint_epochs 1 --out held > held.txt &
run=$!
waits_for held/log.jsonl '"step":30' $run
taken="mae: --out: found held, to which process $run on * is writing, expected *"
refused "$taken" $digits --out held
refused "$taken" pretrain --resume --out held
refused "$taken" finetune --scratch --model digits-8 --data "$data/optdigits-images-idx3-ubyte" --out held
cp held/checkpoint-28.safetensors copy.safetensors
refused "$taken" features --encoder copy.safetensors --data "$data/optdigits-images-idx3-ubyte" --out held
kill -9 $run
wait $run 2> /dev/null || true
[ -e held/.lock ] || fail "a killed run cannot have removed its lock"
refused "mae: --epochs: found 1, expected at least [0-9]*, as many as the *run that is resumed has*" \
  pretrain --resume --epochs 1 --out held
goes_on held
[ ! -e held/.lock ] || fail "the lock is left behind"

echo "--- signals"
$digits --epochs 8 --log_every 10 --out whole > whole.txt
$digits --epochs 8 --log_every 10 --out signalled > signalled.txt &
run=$!
waits_for signalled/log.jsonl '"step":40,' $run
kill -s USR1 $run
until ls signalled/checkpoint-*.safetensors > /dev/null 2>&1; do kill -0 $run && sleep 0.02; done
kill -s HUP $run
kill -s HUP $run 2> /dev/null || true
wait $run || fail "status $? after SIGHUP"
says signalled.txt "^stopped after update .* to go on: pretrain --resume --out signalled$"
pretrain --resume --out signalled > resumed.txt
same whole signalled
nohup $digits --epochs 8 --log_every 10 --out nohup > nohup.txt 2>&1 &
run=$!
waits_for nohup/log.jsonl '"step":50,' $run
kill -s HUP $run
wait $run || fail "status $? after a SIGHUP that nohup had told to ignore"
same whole nohup

echo "--- nobody reads what is printed"
status=0
{ $digits --epochs 8 --log_every 10 --out unread 2> unread.txt || echo $? > status.txt; } | head -n 3 > /dev/null
[ "$(cat status.txt)" = 1 ] || fail "status $(cat status.txt) where lines were lost"
says unread.txt "^mae: standard output: found a place that cannot be written, expected all lines to arrive"
same whole unread
if command -v script > /dev/null && script -qec true /dev/null < /dev/null > /dev/null 2>&1; then
  script -qfec "echo \$\$ > terminal.pid; exec $digits --epochs 8 --log_every 10 --out terminal" /dev/null \
    < /dev/null > terminal.txt 2>&1 &
  script=$!
  waits_for terminal/log.jsonl '"step":50,' $script
  kill -9 $script
  wait $script 2> /dev/null || true
  while kill -0 "$(cat terminal.pid)" 2> /dev/null; do sleep 0.02; done
  ls terminal/checkpoint-*.safetensors > /dev/null || fail "a closed terminal lost what was learnt"
  pretrain --resume --out terminal > resumed.txt
  same whole terminal
else
  echo "no terminal can be had here: that one closes is not tried"
fi

echo "--- images go away"
mkdir photos looked_at
for i in 1 2 3 4; do
  for name in chelsea coffee; do cp "$data/$name.png" "photos/$name-$i.png"; done
  cp "$data/astronaut.png" "looked_at/$i.png"
done
photos="pretrain --model digits-8 --data photos --validation looked_at --cache_megabytes 0 --batch 2 --log_every 1 --epochs 12"
$photos --out undisturbed > undisturbed.txt
for gone in photos/coffee-2.png looked_at/3.png; do
  run_folder=without_$(dirname $gone)
  $photos --out "$run_folder" > gone.txt 2> gone.error &
  run=$!
  waits_for "$run_folder/log.jsonl" '"step":10,' $run
  mv $gone gone.png
  status=0
  wait $run || status=$?
  [ $status -eq 1 ] || fail "status $status without $gone"
  says gone.error "^mae: $gone: found \"No such file or directory\" on opening, expected a readable file$"
  says gone.txt "^saved before the error: $run_folder/checkpoint-.*; to go on: pretrain --resume --out $run_folder$"
  [ "$(wc -l < gone.error)" -eq 1 ] || fail "not one line: $(cat gone.error)"
  mv gone.png $gone
  pretrain --resume --out "$run_folder" > resumed.txt
  same undisturbed "$run_folder"
done

echo "--- places that cannot be written"
$digits --epochs 500 --checkpoint_epochs 1 --out blocked > blocked.txt 2> blocked.error &
run=$!
waits_for blocked.txt "epoch 2/" $run
until mkdir blocked/loss.png 2> /dev/null; do rm -f blocked/loss.png; done
status=0
wait $run || status=$?
[ $status -eq 1 ] || fail "status $status without a place for images"
says blocked.error "^mae: blocked/loss.png: found a directory, expected a file or nothing$"
says blocked.txt "^saved before the error: blocked/checkpoint-.*; to go on: pretrain --resume --out blocked$"
rmdir blocked/loss.png
goes_on blocked
refused 'mae: small/checkpoint-28.safetensors: found "File too large" on writing, expected *' \
  sh -c "ulimit -f 1000; exec $digits --epochs 2 --checkpoint_epochs 1 --out small"
says out.txt "^what was learnt since the last checkpoint could not be saved: mae: small/checkpoint-28"
says out.txt "^the last good checkpoint: none yet$"

echo "--- more epochs"
cp -r whole longer
pretrain --resume --epochs 12 --out longer > longer.txt
says longer.txt "^length  *12 epochs instead of 8, of which 8.0 are made: .* goes on at 0.000011, where it was 0.000000$"
says longer.txt "^epoch 12/12 "
[ "$(grep -c '"event":"epoch"' longer/log.jsonl)" -eq 12 ] || fail "the log does not have each epoch once"
refused "mae: --epochs: found 11, expected at least 12, as many as the run that is resumed has made" \
  pretrain --resume --epochs 11 --out longer
# Asked for before the end, by a file of settings that leaves the warm-up open, the whole run has the new length from there.
$digits --epochs 8 --log_every 10 --print-config > asked.json
sed -i 's/"epochs": 8/"epochs": 12/' asked.json
cp -r signalled asked
rm "asked/checkpoint-$(updates asked).safetensors" asked/model.safetensors
pretrain asked.json --resume --out asked > asked.txt
says asked.txt "^length  *12 epochs instead of 8, of which "
pretrain --resume --out asked > again.txt
grep -q "^length" again.txt && fail "a run that keeps its length is said to have another"
refused "mae: --warmup: found 1.0, expected null, as the run that is resumed has; another value needs another run" \
  pretrain --resume --warmup 1 --out asked
# In the middle of an epoch that the new length no longer has.
cp -r signalled half
rm "half/checkpoint-$(updates half).safetensors"
middle=$(updates half)
[ $((middle % 28)) -ne 0 ] || fail "the checkpoint is at the end of an epoch"
refused "mae: --epochs: found $((middle / 28)), expected at least $((middle / 28 + 1)), as many as the run that is resumed has made or begun" \
  pretrain --resume --epochs $((middle / 28)) --out half

echo "--- weights that are no numbers"
# no_number FROM TO TENSOR AT: the float number AT of the tensor becomes NaN.
no_number() {
  header=$(od -An -tu8 -N8 "$1" | tr -d ' ')
  begin=$(dd if="$1" bs=1 skip=8 count="$header" 2> /dev/null |
    sed 's/.*"'"$3"'":{[^}]*"data_offsets":\[\([0-9]*\),.*/\1/')
  [ "$1" = "$2" ] || cp "$1" "$2"
  printf '\000\000\300\177' | dd of="$2" bs=1 seek=$((8 + header + begin + 4 * $4)) conv=notrunc 2> /dev/null
}
no_number whole/encoder.safetensors nan.safetensors blocks.1.norm1.weight 5
no_number nan.safetensors nan.safetensors blocks.1.norm1.weight 9
told="mae: nan.safetensors: tensor 'blocks.1.norm1.weight': found 2 of 64 numbers that are not finite, the first at \\[5], expected finite numbers"
labels=$data/optdigits-images-idx3-ubyte
for program in features finetune probe; do
  refused "$told" $program --encoder nan.safetensors --data "$labels"
done
refused "$told" onnx --checkpoint nan.safetensors
no_number whole/model.safetensors nan.safetensors blocks.1.norm1.weight 5
refused "mae: nan.safetensors: tensor 'blocks.1.norm1.weight': found 1 of 64 numbers that is not finite, *" \
  reconstruct --checkpoint nan.safetensors --data "$labels"
mkdir moments
no_number "whole/checkpoint-224.safetensors" moments/checkpoint-224.safetensors optimizer.exp_avg_sq.cls_token 63
refused "mae: --out: found moments without a good checkpoint, expected one to resume from" pretrain --resume --out moments
says out.txt "^passed over: mae: moments/checkpoint-224.safetensors: tensor 'optimizer.exp_avg_sq.cls_token': found 1 of 64 numbers that is not finite, the first at \[0, 0, 63], expected finite numbers$"

echo "--- too little memory"
refused "mae: memory: found * MB, which ulimit -v leaves, expected at least 1.1 GB beside images; a smaller --batch, *" \
  sh -c "ulimit -v 1000000; exec $digits --batch 1000000 --repeats 1000 --out little"
[ ! -e little ] || fail "a run without memory leaves a folder"
refused "mae: memory: found too little for a list of 1797000000 images, expected room for it; fewer --repeats need less" \
  sh -c "ulimit -v 1000000; exec $digits --repeats 1000000 --out little"
sh -c "ulimit -v 800000; exec pretrain --model digits-8 --data photos --batch 2 --epochs 1 --out little" > little.txt
says little.txt "^memory  *that is more than the .* MB, which ulimit -v leaves: should the images not fit, take --cache_megabytes [1-9]"

echo "--- settings of version 0.1, under the names that they had then"
pretrain "$here/version_0_1/settings.json" --print-config > now.json
for setting in '"validation_share": 0.2' '"min_learning_rate": 1e-05' '"repeats": 2' '"min_crop_scale": 0.8' \
  '"max_aspect_ratio": 1.3333'; do
  says now.json "$setting"
done
echo '{"views": 2, "repeats": 3}' > both.json
refused 'mae: both.json: *: found the same setting also as repeats, expected it once; this is its old name' \
  pretrain both.json
