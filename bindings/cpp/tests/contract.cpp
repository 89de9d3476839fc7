#include "contract.hpp"

#include "models.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> fields;
  std::size_t begin = 0;
  for (auto end = text.find(separator); end != std::string::npos;
       end = text.find(separator, begin)) {
    fields.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  fields.push_back(text.substr(begin));
  return fields;
}

std::vector<std::map<std::string, std::string>>
contract(const std::string &table, const std::vector<std::string> &columns) {
  std::ifstream file(variable("STELE_CONTRACT").append("/").append(table));
  std::string line;
  if (!std::getline(file, line) || split(line, '\t') != columns)
    throw std::runtime_error(table + " has other columns: " + line);
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(file, line)) {
    if (line.starts_with('#'))
      continue;
    const auto fields = split(line, '\t');
    if (fields.size() != columns.size())
      throw std::runtime_error("a row has other columns: " + line);
    auto &row = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); i++)
      row[columns[i]] = fields[i];
  }
  if (rows.empty())
    throw std::runtime_error(table + " has no row");
  return rows;
}

std::string from_hex(const std::string &digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}
