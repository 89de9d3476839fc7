// One model in a pool of threads: each call runs in the thread that makes it.
//   flags=$(pkg-config --cflags --libs stele-cpp)
//   c++ -std=c++20 -pthread pool.cpp $flags -o pool
//   ./pool path/to/digits/saved_model [THREADS]
#include <stele.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <future>
#include <iostream>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Image = std::vector<float>;

/// Threads that answer images. The profile "inline" leaves each call in its
/// thread: a pool inside of the pool would only be in the way.
class Pool {
public:
  Pool(const char *dir, unsigned threads)
      : model_(stele::Model::load(dir, {.profile = "inline"})) {
    for (unsigned i = 0; i < threads; i++)
      threads_.emplace_back([this] { work(); });
  }

  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    ready_.notify_all();
    for (auto &thread : threads_)
      thread.join();
  }

  /// The digit on an image of 8 x 8, or, by get(), the stele::Error.
  std::future<long> submit(Image image) {
    std::packaged_task<long()> task(
        [this, image = std::move(image)] { return digit(image); });
    auto answer = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    ready_.notify_one();
    return answer;
  }

private:
  [[nodiscard]] long digit(const Image &image) const {
    const auto outputs = model_.run({{"image", image, {1, 8, 8, 1}}});
    const auto p = outputs["probabilities"].as<float>();
    return std::max_element(p.begin(), p.end()) - p.begin();
  }

  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
      if (tasks_.empty())
        return;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

  stele::Model model_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::packaged_task<long()>> tasks_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

void run(const char *dir, unsigned threads) {
  Pool pool(dir, threads);
  std::vector<std::future<long>> answers;
  for (int i = 0; i < 1000; i++)
    answers.push_back(pool.submit(Image(64, static_cast<float>(i % 17))));
  std::vector<int> counts(10);
  for (auto &answer : answers)
    counts.at(static_cast<std::size_t>(answer.get()))++;
  for (std::size_t digit = 0; digit < counts.size(); digit++)
    std::cout << "digit " << digit << ": " << counts[digit] << '\n';

  auto refused = pool.submit(Image(63));
  try {
    refused.get();
  } catch (const stele::Error &error) {
    std::cout << "refused " << name(error.code()) << ": " << error.what()
              << '\n';
  }
}

} // namespace

int main(int argc, char **argv) {
  const char *dir = argc > 1 ? argv[1] : ".";
  const unsigned threads =
      argc > 2 ? static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10))
               : std::max(1U, std::thread::hardware_concurrency());
  try {
    run(dir, threads);
  } catch (const std::exception &error) {
    std::cerr << "pool: " << error.what() << '\n';
    return 1;
  }
}
