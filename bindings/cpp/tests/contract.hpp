/// Reads the tables of bindings/contract, which no test types again.
#ifndef STELE_TESTS_CONTRACT_HPP
#define STELE_TESTS_CONTRACT_HPP

#include <map>
#include <string>
#include <vector>

/// The rows of a table by column. Throws std::runtime_error when its columns
/// are not exactly these, or it has no row.
std::vector<std::map<std::string, std::string>>
contract(const std::string &table, const std::vector<std::string> &columns);

std::vector<std::string> split(const std::string &text, char separator);

/// The bytes that pairs of hexadecimal digits stand for.
std::string from_hex(const std::string &digits);

#endif // STELE_TESTS_CONTRACT_HPP
