// Which names a file has, what sizes it shows, and what is to be read of it: lists of names and settings, a line each.
//
//   blocks.0.norm1.weight 4          a tensor and its shape
//   config.hidden_act=gelu           a setting
#include <mae/checkpoint/load_into.hpp>

#include <sstream>

#include "fuzz.hpp"
#include "model.hpp"

namespace {

mae::TensorFile listed(const std::string& text) {
  std::vector<mae::TensorEntry> entries;
  std::map<std::string, std::string> metadata;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (const std::size_t equals = line.find('='); equals != line.npos) {
      metadata.emplace(line.substr(0, equals), line.substr(equals + 1));
      continue;
    }
    mae::TensorEntry entry;
    std::istringstream words(line);
    if (!(words >> entry.name)) continue;
    entry.dtype = "F32";
    for (unsigned short extent = 0; entry.shape.size() < 8 && words >> extent;) entry.shape.push_back(extent);
    entries.push_back(std::move(entry));
  }
  return {"list", "fuzz", {}, std::move(entries), std::move(metadata)};
}

/// Every tensor is read or has a reason, none both; every parameter is read, or is told to be missing.
template <class Part>
void plan(const mae::TensorFile& file, const mae::Recognised& names, bool encoder) {
  const std::vector<mae::ParameterInfo> parameters = mae::parameters<Part>();
  mae::LoadOptions options;
  options.resize = mae::Bicubic::plain;
  mae::LoadReport report;
  const mae::Metadata shown = mae::detail::check_sizes<Part>(file, names, encoder, options, report);
  std::vector<mae::detail::Wanted> wanted;
  for (const mae::ParameterInfo& parameter : parameters) wanted.push_back({&parameter, parameter.name});
  const auto found = mae::detail::plan_loading(file, names, wanted, encoder, options, report);
  fuzz::require(found.size() == parameters.size() && report.kept.empty(), "a source for each parameter");
  std::set<std::string> used, ignored;
  for (const mae::detail::Source& source : found) {
    fuzz::require(!source.tensors.empty(), "no parameter without numbers");
    for (const std::string& tensor : source.tensors) {
      fuzz::require(tensor.empty() || file.find(tensor), "a tensor that is there");
      if (!tensor.empty()) used.insert(tensor);
    }
    if (!source.factor.empty()) used.insert(source.factor);
  }
  for (const auto& [tensor, reason] : report.ignored)
    fuzz::require(ignored.insert(tensor).second && !used.contains(tensor), "read or ignored, not both");
  fuzz::require(used.size() + ignored.size() == file.entries().size(), "nothing is passed over in silence");
  const mae::detail::SourceReader reader(file, shown, mae::detail::geometry_of<typename Part::ImageShape>(),
                                         options.resize);
  fuzz::accepts([&] {
    for (const mae::detail::Source& source : found) reader.ensure_readable(source);
  });
  fuzz::require(!report.text().empty(), "a report");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryLimit limit(size);
  fuzz::accepts([&] {
    const mae::TensorFile file = listed(std::string(reinterpret_cast<const char*>(data), size));
    const mae::Recognised names = mae::recognise(file, "cls_token");
    const mae::FileSizes sizes = mae::sizes_of(file, names);
    fuzz::require(sizes.encoder.depth <= static_cast<mae::Index>(file.entries().size()), "no more blocks than tensors");
    mae::describe(file, names, 1, 1);
    fuzz::accepts([&] { plan<typename fuzz::Model::Encoder>(file, names, true); });
    fuzz::accepts([&] { plan<fuzz::Model>(file, names, false); });
  });
  return 0;
}
