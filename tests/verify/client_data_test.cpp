#include "verify/client_data.h"

#include <doctest/doctest.h>

#include "permcrypt/token.h"
#include "verify/runtime.h"
#include "verify/test_tensors.h"
#include "write/client_graphs.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

// One of every kind: an axis, ids, axes that a picture's patches and pixels are, labels.
std::vector<ClientMap> maps() {
  return {{Carrier::kInput,
           "image",
           false,
           1,
           {{{2, 2}, {3}}, {0, 2, 1}},
           {Permutation({3, 1, 0, 5, 4, 2}), Permutation({1, 0})}},
          {Carrier::kInput, "ids", true, 0, {}, {Permutation({2, 0, 1, 3})}},
          {Carrier::kInput, "ids", false, 1, {}, {Permutation({1, 2, 0})}},
          {Carrier::kOutput, "scores", false, 0, {}, {Permutation({2, 0, 1})}},
          {Carrier::kOutput, "label", true, 0, {}, {Permutation({2, 0, 1})}}};
}

std::vector<TensorData> inputs() {
  std::vector<float> pixels;
  for (int i = 0; i < 24; ++i) pixels.push_back(static_cast<float>(i));
  return {testing::tensor("image", T::FLOAT, {2, 4, 3}, pixels),
          testing::tensor("ids", T::INT64, {1, 3}, std::vector<std::int64_t>{0, 3, -2}),
          testing::tensor("mask", T::INT64, {1, 3}, std::vector<std::int64_t>{1, 1, 0})};
}

TEST_CASE("client maps permute axes, also several at once, and renumber ids") {
  const auto made = scrambled(inputs(), maps());
  REQUIRE(made);
  // ids 0, 3, -2 (which is 2) become 2, 3, 1, and then change places.
  CHECK(testing::same(
      (*made)[1], testing::tensor("ids", T::INT64, {1, 3}, std::vector<std::int64_t>{3, 1, 2})));
  CHECK(testing::same((*made)[2], inputs()[2]));
  // Digits a, b, c of a pixel 6a + 3b + c; (a, c) is one axis, b the other. Position (0, 0), 0 has
  // what (a, c) = 3, which is (1, 0), and b = 1 had: 6 + 3 + 0.
  const auto pixels = to_doubles((*made)[0]).value();
  CHECK(pixels[0] == 9);
  CHECK(pixels[12] == 21);  // the same in the other picture
  const auto out =
      unscrambled({testing::tensor("scores", T::FLOAT, {3}, std::vector<float>{5, 6, 7}),
                   testing::tensor("label", T::INT32, {2}, std::vector<std::int32_t>{0, 1})},
                  maps());
  REQUIRE(out);
  CHECK(to_doubles((*out)[0]).value() == std::vector<double>{7, 5, 6});
  CHECK(to_integers((*out)[1]).value() == std::vector<std::int64_t>{2, 0});
}

TEST_CASE("data that a client map does not fit is refused") {
  auto short_axis = inputs();
  short_axis[0] = testing::tensor("image", T::FLOAT, {1, 4}, std::vector<float>{1, 2, 3, 4});
  CHECK(scrambled(short_axis, maps()).error().kind == ErrorKind::kInput);
  // As many elements as the map wants, and not the axes that it takes apart.
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{2, 3, 4}, {2, 12}, {2, 4, 3, 1}, {1, 4, 6}}) {
    auto turned = inputs();
    turned[0].shape = shape;
    CHECK(scrambled(turned, maps()).error().kind == ErrorKind::kInput);
  }
  auto far_id = inputs();
  far_id[1] = testing::tensor("ids", T::INT64, {1, 3}, std::vector<std::int64_t>{0, 4, 0});
  CHECK(scrambled(far_id, maps()).error().kind == ErrorKind::kInput);
}

onnx::ModelProto interface() {
  onnx::ModelProto model;
  const auto declare = [](onnx::ValueInfoProto& info, const char* name, std::int32_t type,
                          std::vector<std::int64_t> shape) {
    info.set_name(name);
    info.mutable_type()->mutable_tensor_type()->set_elem_type(type);
    for (const std::int64_t n : shape) {
      auto* dim = info.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim();
      n < 0 ? dim->set_dim_param("batch") : dim->set_dim_value(n);
    }
  };
  declare(*model.mutable_graph()->add_input(), "image", T::FLOAT, {-1, 4, 3});
  declare(*model.mutable_graph()->add_input(), "ids", T::INT64, {-1, 3});
  declare(*model.mutable_graph()->add_input(), "mask", T::INT64, {-1, 3});
  declare(*model.mutable_graph()->add_input(), "permcrypt_key", T::INT32, {7});
  declare(*model.mutable_graph()->add_output(), "scores", T::FLOAT, {3});
  declare(*model.mutable_graph()->add_output(), "label", T::INT32, {2});
  return model;
}

TEST_CASE("client graphs do what client maps do") {
  if (!runtime_available()) return;
  const auto graphs = make_client_graphs(interface(), "permcrypt_key", maps());
  REQUIRE(graphs);
  auto in = Session::from_bytes(graphs->in, {}, {});
  REQUIRE(in);
  const auto made = in->run(inputs());
  REQUIRE(made);
  const auto expected = scrambled(inputs(), maps()).value();
  REQUIRE(made->size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK((*made)[i].name == expected[i].name + ".scrambled");
    CHECK((*made)[i].shape == expected[i].shape);
    CHECK((*made)[i].bytes == expected[i].bytes);
  }
  auto out = Session::from_bytes(graphs->out, {}, {});
  REQUIRE(out);
  const auto back = out->run(std::vector{
      testing::tensor("scores.scrambled", T::FLOAT, {3}, std::vector<float>{5, 6, 7}),
      testing::tensor("label.scrambled", T::INT32, {2}, std::vector<std::int32_t>{0, 1})});
  REQUIRE(back);
  CHECK(to_doubles((*back)[0]).value() == std::vector<double>{7, 5, 6});
  CHECK(to_integers((*back)[1]).value() == std::vector<std::int64_t>{2, 0});
}

TEST_CASE("client graphs need names of their own") {
  onnx::ModelProto model = interface();
  model.mutable_graph()->mutable_input(1)->set_name("image.scrambled");
  CHECK(make_client_graphs(model, "permcrypt_key", maps()).error().kind == ErrorKind::kState);
}

}  // namespace
}  // namespace permcrypt
