// Settings: what a user can choose, each declared once.
//
//   struct Mine : program::Settings {
//     Mine() : Settings("mine", "What the program does.") {}
//     program::Heading training{*this, "Training"};
//     program::Integer epochs{*this, "epochs", 100, "passes over the images", program::at_least(1)};
//   };
//   Mine settings;
//   if (!settings.parse(count, arguments)) return;          // --help, --version or --print-config was answered
//   for (mae::Index epoch = 0; epoch < settings.epochs(); ++epoch) …
//
// From the one line follow the key "epochs" of the JSON file, the flag --epochs, its line of --help with default and
// range, its place in --print-config, the checks, and the record in checkpoints. A flag wins over the file. Mistakes
// are a mae::Error that names file and key: unknown (with the nearest name), twice, of a wrong type, out of range.
// The command line is read by CLI11 (command_line.cpp), the file by nlohmann_json (settings.cpp); types of values:
// values.cpp.
#pragma once
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <mae/core/config.hpp>
#include <mae/core/error.hpp>

namespace program {

/// What values a setting may have: numbers in a range, or texts of a list (any text, if the list is empty).
struct Allowed {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool low_included = true, high_included = true;
  std::vector<std::string> texts{};
};
inline Allowed at_least(double low) { return {.low = low}; }
inline Allowed above(double low) { return {.low = low, .low_included = false}; }
inline Allowed between(double low, double high) { return {.low = low, .high = high}; }
/// [low, high): high itself is too much.
inline Allowed from_below(double low, double high) { return {.low = low, .high = high, .high_included = false}; }
/// (low, high].
inline Allowed above_to(double low, double high) { return {.low = low, .high = high, .low_included = false}; }
/// (low, high).
inline Allowed inside(double low, double high) {
  return {.low = low, .high = high, .low_included = false, .high_included = false};
}
inline Allowed one_of(std::vector<std::string> texts) { return {.texts = std::move(texts)}; }

/// What a setting is of. The experiment: it decides the result, so checkpoints record it and a resumed run must keep
/// it. The length of the run: recorded too, but another one may be asked for on resuming. The run time: how the work is
/// done, so every start may choose anew. Or this invocation alone, so that no file has it.
enum class Scope { experiment, length, runtime, invocation };

class Settings;

/// A number without a tail of zeros.
std::string plain(double value);
/// A value in an error message: short, and one line.
std::string shown(std::string text);
/// The one of `names` that was probably meant by what was found, or "".
std::string nearest(const std::string& found, const std::vector<std::string>& names);

/// One setting, whatever its type.
class Setting {
 public:
  virtual ~Setting() = default;
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

  const std::string& name() const { return name_; }
  /// What --help says of it, in a program where it means something else.
  void describe(const char* meaning) { meaning_ = meaning; }
  /// Where nobody gives it, another place does, such as "the checkpoint's": --help says whose it is, and --print-config
  /// leaves it out.
  void follow(const char* whose) { whose_ = whose; }
  /// Who gave the value: "run.json: epochs", "--epochs", or nobody: "".
  const std::string& origin() const { return origin_; }
  bool given() const { return !origin_.empty(); }
  /// How an error about the value begins: with its origin, else with the flag.
  std::string subject() const { return given() ? origin_ : "--" + name_; }

 protected:
  Setting(Settings& owner, const char* name, const char* meaning, Allowed allowed, Scope scope);

  virtual bool is_switch() const { return false; }
  virtual bool is_list_of_texts() const { return false; }
  /// Takes a value from `origin`. Throws mae::Error, that it was `found` there, if it is not allowed.
  void give(const nlohmann::json& value, const std::string& origin, const std::string& found);
  /// What is expected of a value, in words.
  virtual std::string expected() const = 0;
  virtual nlohmann::json value() const = 0;
  /// Takes a value; false, and nothing is changed, if it is not allowed.
  virtual bool take(const nlohmann::json& value) = 0;
  /// The JSON that a text on the command line stands for.
  virtual nlohmann::json meant(const std::string& text) const = 0;

  std::string name_, meaning_, group_, origin_;
  Allowed allowed_;
  Scope scope_;
  const char* whose_ = nullptr;

 private:
  friend class Settings;
};

/// A setting of type T: whole number, number, text, switch, list of numbers or texts, a number that may be left open.
template <class T>
class TypedSetting final : public Setting {
 public:
  TypedSetting(Settings& owner, const char* name, T otherwise, const char* meaning, Allowed allowed = {},
               Scope scope = Scope::experiment)
      : Setting(owner, name, meaning, std::move(allowed), scope), value_(std::move(otherwise)) {}
  TypedSetting(Settings& owner, const char* name, T otherwise, const char* meaning, Scope scope)
      : TypedSetting(owner, name, std::move(otherwise), meaning, Allowed{}, scope) {}

  const T& operator()() const { return value_; }
  /// Texts only: takes a value that another place gives, such as a checkpoint. Throws mae::Error if it is not allowed.
  void set(const T& value, const std::string& origin);
  /// The mistake that this value is, seen in the light of others.
  mae::Error error(const std::string& found, const std::string& expected) const {
    return mae::Error(subject(), found, expected);
  }

 private:
  bool is_switch() const override { return std::is_same_v<T, bool>; }
  bool is_list_of_texts() const override { return std::is_same_v<T, std::vector<std::string>>; }
  std::string expected() const override;
  nlohmann::json value() const override;
  bool take(const nlohmann::json& value) override;
  nlohmann::json meant(const std::string& text) const override;

  T value_;
};
using Integer = TypedSetting<mae::Index>;
using Number = TypedSetting<double>;
using Text = TypedSetting<std::string>;
using Switch = TypedSetting<bool>;
using Numbers = TypedSetting<std::vector<double>>;
using Texts = TypedSetting<std::vector<std::string>>;  // on the command line one after the other: --files a.png b.png
using OptionalNumber = TypedSetting<std::optional<double>>;

/// The settings that are declared after it stand under this title in --help.
struct Heading {
  Heading(Settings& owner, const char* title);
};

/// Two settings of which one is chosen: a value given to `one` leaves `other` open, unless that is given too.
struct Alternatives {
  Alternatives(Settings& owner, Setting& one, Setting& other);
};

/// All settings of a program.
class Settings {
 public:
  Settings(const std::string& program, std::string purpose)
      : program_(program), called_(program), purpose_(std::move(purpose)) {}
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;
  virtual ~Settings() = default;

  /// Reads the command line, and the file that it names. Returns false if a question was answered instead: --help,
  /// --version, --print-config. Throws mae::Error.
  bool parse(int count, const char* const* arguments);
  /// Reads a JSON file of settings alone. Throws mae::Error.
  void read(const std::string& path);
  /// Takes the value of one, as the command line would give it. Throws mae::Error, beginning with `origin`.
  void give(const std::string& name, const std::string& text, const std::string& origin);
  /// A JSON object of the settings, in the order of declaration: what --print-config writes, and a valid file.
  std::string text() const;
  /// The same of those that decide the result, on one line: for a checkpoint's metadata.
  std::string record() const;
  /// Takes the values that a run had, from what `record` wrote. Throws mae::Error if another value was given for one.
  void restore(const std::string& record, const std::string& from);
  /// Takes how the work was done, where nothing else was given, from the file at `path` that `text` wrote. `except`
  /// keeps its value.
  void restore_runtime(const std::string& path, const Setting& except);
  const std::string& program() const { return program_; }
  /// What a user calls it by: "pretrain", or "mae pretrain".
  const std::string& called() const { return called_; }
  /// All that it was called with, its name first.
  const std::vector<std::string>& arguments() const { return arguments_; }

 protected:
  /// Called when all that was given has been read, for settings that follow from others.
  virtual void complete() {}
  /// Words of the command line that belong to no flag are values of `setting`, instead of the name of a settings file.
  void take_words(Texts& setting) { words_ = &setting; }
  /// Sets what nobody has given to the value that `json` stands for; a name that is no setting's is passed over.
  void propose(const std::string& name, const std::string& json);
  /// Proposes for those that follow another place what that has.
  void propose_followed(const nlohmann::json& values);

 private:
  friend class Setting;
  friend struct Heading;
  friend struct Alternatives;
  Setting* find(const std::string& name) const;
  /// Leaves open what was not chosen.
  void choose();
  /// "; did you mean epochs?", or where all names stand.
  std::string hint(const std::string& name, const std::string& prefix) const;
  nlohmann::ordered_json object(bool work) const;

  std::string program_, called_, purpose_, heading_ = "Settings";
  std::vector<std::string> arguments_;
  std::vector<Setting*> settings_;
  std::vector<std::pair<Setting*, Setting*>> alternatives_;
  Setting* words_ = nullptr;
};

}  // namespace program
