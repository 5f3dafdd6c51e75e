#include "sizing/detail/tflite_model.hpp"

#include <algorithm>

#include "sizing/detail/flat_file.hpp"

namespace selvage::sizing::detail {
namespace {

// The largest pose model has 1,099 tensors and 860 operators.
constexpr std::size_t kMostTensors = 4096;
constexpr std::size_t kMostOperators = 4096;
constexpr std::size_t kMostDimensions = 4;
constexpr std::size_t kMostOperands = 16;
constexpr std::size_t kMostElements = std::size_t{1} << 22;
// In all vectors that are copied; many tables may point at one vector.
constexpr std::size_t kMostNumbers = std::size_t{1} << 22;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : file_(bytes), size_(bytes.size()) {}

  Result<TfliteModel> read() {
    const FlatTable root = file_.root();
    if (file_.scalar<std::uint32_t>(root, 0, 0) != 3) return damaged();
    const FlatVector subgraphs = file_.vector<std::uint32_t>(root, 2, kMostOperators);
    if (subgraphs.count != 1) return damaged();
    const FlatTable graph = file_.table_element(subgraphs, 0);
    codes_ = file_.vector<std::uint32_t>(root, 1, kMostOperators);
    buffers_ = file_.vector<std::uint32_t>(root, 4, 2 * kMostTensors);
    const FlatVector tensors = file_.vector<std::uint32_t>(graph, 0, kMostTensors);
    const FlatVector operators = file_.vector<std::uint32_t>(graph, 3, kMostOperators);

    TfliteModel model;
    for (std::size_t i = 0; i < tensors.count && !file_.broken(); ++i) {
      model.tensors.push_back(read_tensor(file_.table_element(tensors, i)));
    }
    for (std::size_t i = 0; i < operators.count && !file_.broken(); ++i) {
      model.operators.push_back(read_operator(file_.table_element(operators, i)));
    }
    model.inputs = read_numbers<std::uint32_t>(graph, 1, kMostOperands);
    model.outputs = read_numbers<std::uint32_t>(graph, 2, kMostOperands);
    if (file_.broken() || unknown_type_ || too_much_ || !all_tensors_exist(model)) return damaged();
    return model;
  }

 private:
  static std::unexpected<Error> damaged() {
    return invalid_model("it is cut off, damaged, or no TensorFlow Lite model of version 3");
  }

  static bool all_tensors_exist(const TfliteModel& model) {
    auto exist = [&](const std::vector<std::uint32_t>& indices) {
      return std::ranges::all_of(indices, [&](auto i) { return i < model.tensors.size(); });
    };
    return exist(model.inputs) && exist(model.outputs) &&
           std::ranges::all_of(model.operators, [&](const TfliteOperator& each) {
             return exist(each.inputs) && exist(each.outputs);
           });
  }

  template <class T>
  std::vector<std::uint32_t> read_numbers(FlatTable table, int field, std::size_t cap) {
    const FlatVector vector = file_.vector<T>(table, field, cap);
    if ((numbers_ += vector.count) > kMostNumbers) {
      too_much_ = true;
      return {};
    }
    std::vector<std::uint32_t> numbers(vector.count);
    for (std::size_t i = 0; i < vector.count; ++i) numbers[i] = file_.element<T>(vector, i);
    return numbers;
  }

  TfliteTensor read_tensor(FlatTable table) {
    TfliteTensor tensor;
    tensor.shape = read_numbers<std::uint32_t>(table, 0, kMostDimensions);
    const auto type = file_.scalar<std::uint8_t>(table, 1, 0);
    unknown_type_ = unknown_type_ || type > static_cast<std::uint8_t>(TensorType::int32);
    tensor.type = static_cast<TensorType>(type);
    const auto buffer = file_.scalar<std::uint32_t>(table, 2, 0);
    if (buffer < buffers_.count) {
      const FlatTable holder = file_.table_element(buffers_, buffer);
      tensor.data = file_.bytes(file_.vector<std::uint8_t>(holder, 0, size_));
    }
    if (const FlatTable sparsity = file_.table(table, 6)) tensor.sparse = read_sparsity(sparsity);
    return tensor;
  }

  std::vector<SparseDimension> read_sparsity(FlatTable table) {
    // Stored in the order of the dimensions and not in blocks, or the entries would lie elsewhere.
    const auto order = read_numbers<std::uint32_t>(table, 0, kMostDimensions);
    for (std::size_t i = 0; i < order.size(); ++i) unknown_type_ = unknown_type_ || order[i] != i;
    unknown_type_ =
        unknown_type_ || file_.vector<std::uint32_t>(table, 1, kMostDimensions).count > 0;

    std::vector<SparseDimension> dimensions;
    const FlatVector metadata = file_.vector<std::uint32_t>(table, 2, kMostDimensions);
    for (std::size_t i = 0; i < metadata.count; ++i) {
      const FlatTable entry = file_.table_element(metadata, i);
      SparseDimension& dimension = dimensions.emplace_back();
      dimension.size = file_.scalar<std::uint32_t>(entry, 1, 0);
      if (file_.scalar<std::uint8_t>(entry, 0, 0) == 0) continue;
      dimension.segments = read_compressed(entry, 2);
      dimension.indices = read_compressed(entry, 4);
      if (dimension.segments.empty()) unknown_type_ = true;
    }
    return dimensions;
  }

  // A union of vectors of 32, 16 and 8 bits.
  std::vector<std::uint32_t> read_compressed(FlatTable entry, int field) {
    const FlatTable values = file_.table(entry, field + 1);
    switch (file_.scalar<std::uint8_t>(entry, field, 0)) {
      case 1:
        return read_numbers<std::uint32_t>(values, 0, kMostElements);
      case 2:
        return read_numbers<std::uint16_t>(values, 0, kMostElements);
      case 3:
        return read_numbers<std::uint8_t>(values, 0, kMostElements);
      default:
        unknown_type_ = true;
        return {};
    }
  }

  TfliteOperator read_operator(FlatTable table) {
    TfliteOperator each;
    const auto index = file_.scalar<std::uint32_t>(table, 0, 0);
    if (index >= codes_.count) {
      unknown_type_ = true;
      return each;
    }
    // Old files have the code in a byte, new ones in an integer beside it.
    const FlatTable code = file_.table_element(codes_, index);
    each.code = static_cast<TfliteCode>(std::max<std::int32_t>(
        file_.scalar<std::int8_t>(code, 0, 0), file_.scalar<std::int32_t>(code, 3, 0)));
    each.inputs = read_numbers<std::uint32_t>(table, 1, kMostOperands);
    each.outputs = read_numbers<std::uint32_t>(table, 2, kMostOperands);
    read_options(file_.table(table, 4), each.code, each.options);
    return each;
  }

  void read_options(FlatTable table, TfliteCode code, TfliteOptions& options) {
    auto number = [&](int field, std::int32_t otherwise = 0) {
      return file_.scalar<std::int32_t>(table, field, otherwise);
    };
    auto byte = [&](int field) { return file_.scalar<std::uint8_t>(table, field, 0); };
    switch (code) {
      case TfliteCode::conv_2d:
      case TfliteCode::depthwise_conv_2d: {
        const int depthwise = code == TfliteCode::depthwise_conv_2d ? 1 : 0;
        options.same_padding = byte(0) == 0;
        options.stride_width = number(1);
        options.stride_height = number(2);
        options.depth_multiplier = depthwise ? number(3) : 0;
        options.activation = byte(3 + depthwise);
        options.dilation_width = number(4 + depthwise, 1);
        options.dilation_height = number(5 + depthwise, 1);
        break;
      }
      case TfliteCode::max_pool_2d:
        options.same_padding = byte(0) == 0;
        options.stride_width = number(1);
        options.stride_height = number(2);
        options.filter_width = number(3);
        options.filter_height = number(4);
        options.activation = byte(5);
        break;
      case TfliteCode::add:
        options.activation = byte(0);
        break;
      case TfliteCode::concatenation:
        options.axis = number(0);
        options.activation = byte(1);
        break;
      case TfliteCode::resize_bilinear:
        options.align_corners = byte(2) != 0;
        options.half_pixel_centres = byte(3) != 0;
        break;
      case TfliteCode::depth_to_space:
        options.block_size = number(0);
        break;
      case TfliteCode::dequantize:
      case TfliteCode::densify:
      case TfliteCode::logistic:
      case TfliteCode::reshape:
      case TfliteCode::pad:
        break;
    }
  }

  FlatFile file_;
  std::size_t size_;
  FlatVector codes_, buffers_;
  std::size_t numbers_ = 0;
  bool unknown_type_ = false, too_much_ = false;
};

}  // namespace

Result<TfliteModel> read_tflite(std::string_view file) {
  if (file.size() < 8 || file.substr(4, 4) != "TFL3") {
    return invalid_model("it is no TensorFlow Lite model");
  }
  return Reader(file).read();
}

std::optional<std::size_t> element_count(const std::vector<std::uint32_t>& shape) {
  std::size_t count = 1;
  for (const std::uint32_t side : shape) {
    if (side == 0 || side > kMostElements / count) return {};
    count *= side;
  }
  return count;
}

std::unexpected<Error> invalid_model(std::string_view what) {
  return fail(ErrorKind::internal, "sizing.model_invalid",
              "the pose model cannot be used: " + std::string(what),
              "remove the file and run tools/fetch_models again");
}

}  // namespace selvage::sizing::detail
