// Weights as PyTorch saves them (.pth, .pt, .ckpt, pytorch_model.bin), read without Python and without running any of
// what such a file may hold.
//
//   since 1.6   a ZIP archive (zip_archive.hpp): STEM/data.pkl, the objects, and STEM/data/KEY, a storage each
//   before      five pickles: a magic number, 1001, the byte order, the objects, the keys; then for each key the
//               number of elements in 8 bytes and the elements
//
// Which objects are tensors says pth_objects.hpp. Their names are the ways that lead to them, with all outer keys.
// Source: torch/serialization.py.
#pragma once
#include <mae/io/tensors/pth_objects.hpp>
#include <mae/io/tensors/zip_archive.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// Memory that the objects of a file may take beyond its bytes.
inline constexpr Index pth_memory = 8 << 20;

/// A persistent id: ("storage", type, key, device, number of elements), before 1.6 with a view of it.
struct PthStorageId {
  PthStorage storage;
  std::string key;
  Index first = 0, all = 0;  // the view's first element, and the elements of the storage

  PthStorageId(const PickleReader& pickle, PickleValue id) {
    const auto whole = [](PickleValue value) { return value.kind == PickleKind::whole && value.number >= 0; };
    const std::vector<PickleValue> none;
    const std::vector<PickleValue>& items = id.kind == PickleKind::tuple ? pickle.node(id).items : none;
    if (items.size() < 5 || items.size() > 6 || items[0].kind != PickleKind::text ||
        pickle.text(items[0]) != "storage" || items[2].kind != PickleKind::text || !whole(items[4]))
      pickle.refuse("the name of something outside that is no storage, as of a whole module", "storages alone");
    const std::optional<std::string> dtype = pth_dtype(pickle.name(items[1]));
    if (!dtype || !pickle.name(items[1]).ends_with("Storage"))
      pickle.refuse("a storage of type " + quoted(pickle.name(items[1])), "torch.FloatStorage or its like");
    key = pickle.text(items[2]);
    storage = {*dtype, items[4].number, 0};
    all = storage.count;
    if (items.size() == 5 || items[5].kind == PickleKind::none) return;
    const std::vector<PickleValue>& view = items[5].kind == PickleKind::tuple ? pickle.node(items[5]).items : none;
    if (view.size() != 3 || !whole(view[1]) || !whole(view[2]) || view[1].number > all ||
        view[2].number > all - view[1].number)
      pickle.refuse("a view that is none of its storage", "one within it");
    first = view[1].number;
    storage.count = view[2].number;
  }
};

/// Refuses what has no weights in it.
inline void require_weights(const std::string& path, const PthWalk& walk, const std::string& module) {
  bool optimizer = true;
  for (const TensorEntry& entry : walk.entries) {
    const std::string_view name = entry.name;
    optimizer = optimizer && (name.starts_with("optimizer") ||
                              (name.starts_with("state.") && name.size() > 6 && name[6] >= '0' && name[6] <= '9'));
  }
  if (walk.entries.empty()) {
    std::string instead = "no tensors";
    for (const auto& [name, text] : walk.metadata)
      if (text.starts_with("an object of ")) instead = text + " instead of tensors";
    if (!module.empty()) instead = "an object of " + module + " instead of tensors";
    throw Error(path, instead, "named tensors: in Python, torch.save(model.state_dict(), FILE)");
  }
  if (optimizer) throw Error(path, "the state of an optimizer alone", "the weights of a model");
}

/// The class of a module that was pickled whole; empty if there is none.
inline std::string class_of_module(const PickleReader& pickle) {
  for (const PickleNode& node : pickle.nodes()) {
    if (node.kind != PickleKind::object || node.items.size() != 3 || node.items[2].kind != PickleKind::dict) continue;
    for (const PickleValue key : pickle.node(node.items[2]).items)
      if (key.kind == PickleKind::text && pickle.text(key) == "_parameters") return pickle.name(node.items[0]);
  }
  return {};
}

inline TensorFile finish_pth(const std::string& container, InputFile file, PthWalk walk, const PickleReader& pickle,
                             std::vector<CheckedBytes> checked = {}) {
  require_weights(file.path(), walk, class_of_module(pickle));
  std::vector<InputFile> parts;
  const std::string path = file.path();
  parts.push_back(std::move(file));
  return {path, container, std::move(parts), std::move(walk.entries), std::move(walk.metadata), std::move(checked)};
}

inline TensorFile read_zipped_pth(InputFile file) {
  std::map<std::string, ZipEntry> members;
  std::string root;
  for (ZipEntry& entry : read_zip(file)) {
    const std::string stem = entry.name.substr(0, entry.name.find('/') + 1);
    if (root.empty()) root = stem;
    if (stem.empty() || stem != root)
      throw Error(file.path(), "the entry " + quoted(entry.name), "all in one folder, with data.pkl");
    std::string name = entry.name.substr(root.size());
    if (name.starts_with("code/") || name == "constants.pkl")
      throw Error(file.path(), "a program of TorchScript",
                  "weights: in Python, torch.save(torch.jit.load(FILE).state_dict(), 'weights.pth')");
    members.emplace(std::move(name), std::move(entry));
  }
  const auto objects = members.find("data.pkl"), order = members.find("byteorder");
  if (objects == members.end()) throw Error(file.path(), "a ZIP archive without data.pkl", "weights of PyTorch");
  check_entry(file, objects->second);
  std::string byte_order = "little";
  if (order != members.end()) {
    check_entry(file, order->second);
    byte_order.resize(static_cast<std::size_t>((std::min)(order->second.end - order->second.begin, Index{10})));
    file.read(order->second.begin, byte_order.data(), static_cast<Index>(byte_order.size()));
  }
  if (byte_order != "little" && byte_order != "big")
    throw Error(file.path() + ": byteorder", quoted(byte_order), "little or big");
  PickleReader pickle(file, objects->second.begin, objects->second.end, file.path() + ": data.pkl",
                      file.size() + pth_memory);
  const PickleValue object = pickle.read();
  if (pickle.position() != objects->second.end - objects->second.begin)
    throw Error(file.path() + ": data.pkl", "bytes behind the end of the pickle", "none");
  std::map<std::string, std::string> types;
  PthWalk walk(pickle, file.size(), [&](PickleValue value) {
    const PthStorageId id(pickle, value);
    const auto found = members.find("data/" + id.key);
    const std::string subject = file.path() + ": storage " + quoted(id.key);
    if (found == members.end()) throw Error(subject, "no entry data/" + id.key, "one");
    if (types.emplace(id.key, id.storage.dtype).first->second != id.storage.dtype)
      throw Error(subject, "two types of elements", "one");
    const Index bytes = bytes_of({id.all}, id.storage.element());
    if (bytes != found->second.end - found->second.begin)
      throw Error(subject, std::to_string(found->second.end - found->second.begin) + " bytes",
                  std::to_string(id.all) + " elements of " + std::to_string(id.storage.element()) + " bytes");
    PthStorage storage = id.storage;
    storage.begin = found->second.begin + id.first * storage.element();
    return storage;
  });
  walk.walk(object);
  for (TensorEntry& entry : walk.entries) entry.swapped = byte_order == "big";
  std::vector<CheckedBytes> checked;
  for (const auto& [name, entry] : members)
    if (name.starts_with("data/")) keep_checksum(checked, entry);
  return finish_pth("PyTorch (.pth)", std::move(file), std::move(walk), pickle, std::move(checked));
}

inline TensorFile read_old_pth(InputFile file) {
  PickleReader pickle(file, 0, file.size(), file.path(), file.size() + pth_memory);
  constexpr std::string_view magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
  if (const PickleValue value = pickle.read(); value.kind != PickleKind::bytes || pickle.text(value) != magic)
    refuse_kind(file, "a pickle that is not PyTorch's", "weights of PyTorch");
  if (const PickleValue value = pickle.read(); value.kind != PickleKind::whole || value.number != 1001)
    pickle.refuse("another version than 1001 of the old format", "1001");
  const PickleValue system = pickle.read(), object = pickle.read(), keys = pickle.read();
  if (keys.kind != PickleKind::list) pickle.refuse("no list of storages", "one");
  bool little = system.kind == PickleKind::dict;
  for (std::size_t i = 0; little && i + 1 < pickle.node(system).items.size(); i += 2) {
    const PickleValue key = pickle.node(system).items[i], value = pickle.node(system).items[i + 1];
    if (key.kind == PickleKind::text && pickle.text(key) == "little_endian") little = value.number == 1;
  }
  if (!little) pickle.refuse("elements with the most significant byte first", "the least significant first");

  std::map<std::string, PthStorage> storages;  // whole, by key
  for (const PickleNode& node : pickle.nodes()) {
    if (node.kind != PickleKind::persistent) continue;
    PthStorageId id(pickle, node.items[0]);
    pickle.charge(static_cast<Index>(200 + id.key.size()));
    id.storage.count = id.all;
    const PthStorage& known = storages.emplace(id.key, id.storage).first->second;
    if (known.dtype != id.storage.dtype || known.count != id.all)
      pickle.refuse("two types or sizes of the storage " + quoted(id.key), "one");
  }
  Index at = pickle.position();
  for (const PickleValue key : pickle.node(keys).items) {
    const auto found = storages.find(key.kind == PickleKind::text ? std::string(pickle.text(key)) : "");
    if (found == storages.end() || found->second.begin != 0)
      pickle.refuse("a storage of no tensor, or twice", "each once");
    PthStorage& storage = found->second;
    Index count = 0;
    if (at > file.size() - 8) pickle.refuse("the end of the file before its storages", "all of them: the file was cut");
    file.read(at, &count, 8);
    storage.begin = at + 8;
    const Index bytes = bytes_of({storage.count}, storage.element());
    if (count != storage.count || bytes < 0 || bytes > file.size() - storage.begin)
      pickle.refuse("a storage of " + std::to_string(count) + " elements at byte " + std::to_string(at),
                    std::to_string(storage.count) + " within the file, which was cut if it ends before");
    at = storage.begin + bytes;
  }
  if (at != file.size()) pickle.refuse(std::to_string(file.size() - at) + " bytes behind the last storage", "none");
  PthWalk walk(pickle, file.size(), [&](PickleValue value) {
    const PthStorageId id(pickle, value);
    PthStorage storage = storages.at(id.key);
    if (storage.begin == 0) pickle.refuse("no storage " + quoted(id.key), "one");
    storage.begin += id.first * storage.element();
    storage.count = id.storage.count;
    return storage;
  });
  walk.walk(object);
  return finish_pth("PyTorch before 1.6 (.pth)", std::move(file), std::move(walk), pickle);
}

}  // namespace detail

/// Opens weights of PyTorch. Throws `Error` for any breach of the format, for what is refused, and says of another kind
/// of file what it is.
inline TensorFile read_pth(const std::string& path) {
  InputFile file(path);
  std::array<unsigned char, 2> start{};
  file.read(0, start.data(), (std::min)(file.size(), Index{2}));
  if (start[0] == 0x80) return detail::read_old_pth(std::move(file));
  return detail::read_zipped_pth(std::move(file));
}

}  // namespace mae
MAE_PRECISE_END
