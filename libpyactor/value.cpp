#include <pyactor/libpyactor/value.hpp>

#include <pyactor/libpyactor/big_integer.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace pyactor {

namespace {

/// @returns the depth of a container around what is `deepest` deep
/// @throws std::length_error beyond `value::max_depth`
size_t depth_around(size_t deepest) {
  if (deepest >= value::max_depth)
    throw std::length_error("a pyactor::value nests at most "
                            + std::to_string(value::max_depth) + " levels");
  return deepest + 1;
}

} // namespace

value::value(std::string text) : value(from_text(kind::str, std::move(text))) {
}

value::value(std::string_view text) : value(std::string{text}) {
}

value::value(const char* text) : value(std::string{text}) {
}

value value::bytes(std::string data) {
  return from_text(kind::bytes, std::move(data));
}

value value::bytes(std::span<const std::byte> data) {
  return bytes(
    std::string{reinterpret_cast<const char*>(data.data()), data.size()});
}

value value::list(sequence items) {
  return from_items(kind::list, std::move(items));
}

value value::tuple(sequence items) {
  return from_items(kind::tuple, std::move(items));
}

value value::dict(mapping items) {
  size_t deepest = 0;
  for (const auto& [key, mapped] : items)
    deepest = std::max({deepest, key.depth(), mapped.depth()});
  return value{std::make_shared<const mapping_node>(depth_around(deepest),
                                                    std::move(items))};
}

value value::set(sequence items) {
  return from_items(kind::set, std::move(items));
}

value value::frozenset(sequence items) {
  return from_items(kind::frozenset, std::move(items));
}

value value::actor(std::shared_ptr<const actor_ref> who) {
  return who ? value{storage{std::move(who)}} : value{};
}

expected<value> value::integer(std::string_view digits) {
  if (auto complement = parse_integer(digits))
    return integer(*complement);
  return fail(errc::invalid_argument,
              "'" + std::string{digits.substr(0, 40)}
                + "' is no integer; write decimal digits, or hexadecimal ones "
                  "after 0x");
}

value value::integer(std::span<const std::byte> complement) {
  auto bytes = shortest_complement(complement);
  if (bytes.size() > sizeof(int64_t))
    return value{std::make_shared<const big_node>(
      std::vector<std::byte>{bytes.begin(), bytes.end()})};
  uint64_t bits = 0;
  for (size_t i = bytes.size(); i-- > 0;)
    bits = bits << 8 | std::to_integer<uint64_t>(bytes[i]);
  auto unused = 64 - 8 * static_cast<int>(bytes.size());
  return value{storage{static_cast<int64_t>(bits << unused) >> unused}};
}

value::kind value::type() const noexcept {
  static constexpr kind fixed[]
    = {kind::none, kind::boolean, kind::integer, kind::floating, kind::integer};
  if (auto text = std::get_if<shared<text_node>>(&data_))
    return (*text)->what;
  if (auto items = std::get_if<shared<sequence_node>>(&data_))
    return (*items)->what;
  if (std::holds_alternative<shared<mapping_node>>(data_))
    return kind::dict;
  if (std::holds_alternative<shared<actor_ref>>(data_))
    return kind::actor;
  return fixed[data_.index()];
}

const std::string* value::as_str() const noexcept {
  auto* text = std::get_if<shared<text_node>>(&data_);
  return text && (*text)->what == kind::str ? &(*text)->content : nullptr;
}

const std::string* value::as_bytes() const noexcept {
  auto* text = std::get_if<shared<text_node>>(&data_);
  return text && (*text)->what == kind::bytes ? &(*text)->content : nullptr;
}

const value::sequence* value::as_sequence() const noexcept {
  auto* items = std::get_if<shared<sequence_node>>(&data_);
  return items ? &(*items)->content : nullptr;
}

const value::mapping* value::as_dict() const noexcept {
  auto* dict = std::get_if<shared<mapping_node>>(&data_);
  return dict ? &(*dict)->content : nullptr;
}

std::shared_ptr<const actor_ref> value::as_actor() const noexcept {
  auto* who = std::get_if<shared<actor_ref>>(&data_);
  return who ? *who : nullptr;
}

std::vector<std::byte> value::integer_bytes() const {
  if (auto big = std::get_if<shared<big_node>>(&data_))
    return (*big)->complement;
  auto* small = as_int64();
  if (!small)
    return {};
  std::vector<std::byte> result(sizeof(*small));
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = static_cast<std::byte>(*small >> 8 * i);
  result.resize(shortest_complement(result).size());
  return result;
}

size_t value::depth() const noexcept {
  if (auto items = std::get_if<shared<sequence_node>>(&data_))
    return (*items)->depth;
  auto* dict = std::get_if<shared<mapping_node>>(&data_);
  return dict ? (*dict)->depth : 0;
}

value value::from_unsigned(uint64_t x) {
  std::array<std::byte, sizeof(x) + 1> complement{};
  for (size_t i = 0; i < sizeof(x); ++i)
    complement[i] = static_cast<std::byte>(x >> 8 * i);
  return integer(complement);
}

value value::from_text(kind what, std::string content) {
  return value{std::make_shared<const text_node>(what, std::move(content))};
}

value value::from_items(kind what, sequence content) {
  size_t deepest = 0;
  for (const auto& item : content)
    deepest = std::max(deepest, item.depth());
  return value{std::make_shared<const sequence_node>(
    what, depth_around(deepest), std::move(content))};
}

} // namespace pyactor
