// Estimators whose coefficients are attributes: see rules/estimator.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = ai.onnx.ml.LinearRegressor(x:f[3,2]) coefficients=[0.5,1.5] intercepts=[1.0] targets=1",
     "x[a,!2] -> y[a,?]"},
    {"y = ai.onnx.ml.LinearRegressor(x:f[3,2]) coefficients=[0.5,1.5,-1.0,2.0] "
     "intercepts=[1.0,2.0] targets=2",
     "x[a,!2] -> y[a,?]"},
    {"y = ai.onnx.ml.SVMRegressor(x:f[3,2]) kernel_type=LINEAR kernel_params=[0.0,0.0,0.0] "
     "coefficients=[0.5,1.5] rho=[1.0] "
     "n_supports=0",
     "x[a,!2] -> y[a,?]"},
    {"c, s = ai.onnx.ml.LinearClassifier(x:f[3,2]) coefficients=[0.5,1.5,-1.0,2.0,0.3,0.1] "
     "intercepts=[1.0,2.0,0.5] classlabels_ints=[0,1,2] post_transform=SOFTMAX",
     "x[a,!2] -> c[a] s[a,?]"},
    {"c, s = ai.onnx.ml.LinearClassifier(x:f[3,2]) coefficients=[0.5,1.5,-1.0,2.0,0.3,0.1] "
     "intercepts=[1.0,2.0,0.5] classlabels_strings=[a,b,c]",
     "x[a,!2] -> c[a] s[a,?]", 17, Kernel::kNowhere},
    {"c, s = ai.onnx.ml.SVMClassifier(x:f[3,2]) kernel_type=LINEAR kernel_params=[0.0,0.0,0.0] "
     "coefficients=[0.5,1.5,-1.0,2.0] "
     "rho=[0.1,0.2] classlabels_ints=[0,1] post_transform=NONE",
     "x[a,!2] -> c[a] s[a,?]"},
    {"y = ai.onnx.ml.Scaler(x:f[3,2]) offset=[0.5,1.5] scale=[2.0,3.0]", "x[a,!2] -> y[a,!2]"},
    {"y = ai.onnx.ml.Imputer(x:f[3,2]={0,1,2,0,0,3}) imputed_value_floats=[0.5,1.5] "
     "replaced_value_float=0.0",
     "x[a,!2] -> y[a,!2]"},
    {"y = ai.onnx.ml.TreeEnsembleRegressor(x:f[3,2]) n_targets=1 nodes_treeids=[0,0,0] "
     "nodes_nodeids=[0,1,2] nodes_featureids=[1,0,0] nodes_values=[0.1,0.0,0.0] "
     "nodes_modes=[BRANCH_LEQ,LEAF,LEAF] nodes_truenodeids=[1,0,0] nodes_falsenodeids=[2,0,0] "
     "target_treeids=[0,0] target_nodeids=[1,2] target_ids=[0,0] target_weights=[1.0,2.5]",
     "x[a,!2] -> y[a,?]"},
    {"c, s = ai.onnx.ml.TreeEnsembleClassifier(x:f[3,2]={0,-1,0,2,0,-3}) nodes_treeids=[0,0,0] "
     "nodes_nodeids=[0,1,2] nodes_featureids=[1,0,0] nodes_values=[0.1,0.0,0.0] "
     "nodes_modes=[BRANCH_LEQ,LEAF,LEAF] nodes_truenodeids=[1,0,0] nodes_falsenodeids=[2,0,0] "
     "class_treeids=[0,0] class_nodeids=[1,2] class_ids=[0,2] class_weights=[1.0,2.5] "
     "classlabels_int64s=[0,1,2] post_transform=NONE",
     "x[a,!2] -> c[a] s[a,?]"},
    {"y = ai.onnx.ml.TreeEnsemble(x:f[3,2]) n_targets=1 aggregate_function=1 tree_roots=[0] "
     "nodes_featureids=[1] nodes_splits=f[1]={0.1} nodes_modes=u8[1]={0} nodes_truenodeids=[0] "
     "nodes_falsenodeids=[1] nodes_trueleafs=[1] nodes_falseleafs=[1] leaf_targetids=[0,0] "
     "leaf_weights=f[2]={1.0,2.5}",
     "x[a,!2] -> y[a,?]", 22},
};

}  // namespace

std::span<const OpCase> estimator_cases() { return kCases; }

}  // namespace permcrypt::testing
