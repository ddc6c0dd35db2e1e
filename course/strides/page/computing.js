// Methods that compute new numbers, by name; as course/strides/computing.py, which says more.

export const COMPUTES = "that computes new numbers; here are only layouts";

const COMPUTING = new Set(`
abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr all allclose amax amin aminmax angle any arccos
arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort asin asinh atan atan2 atanh baddbmm bernoulli
bfloat16 bincount bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor bmm bool byte
cauchy ceil char cholesky clamp clamp_max clamp_min clip copysign corrcoef cos cosh count_nonzero cov cross cummax
cummin cumprod cumsum deg2rad det diff digamma dist div divide dot double eq equal erf erfc erfinv exp exp2 expm1
exponential fill fill_diagonal fix float float_power floor floor_divide fmax fmin fmod frac frexp gcd ge geometric
greater greater_equal gt half hardshrink heaviside histc histogram hypot igamma igammac index_add index_copy
index_fill index_put inner int inverse isclose isfinite isinf isnan isneginf isposinf isreal kron kthvalue lcm ldexp
le lerp less less_equal lgamma log log10 log1p log2 log_normal log_softmax logaddexp logaddexp2 logcumsumexp logdet
logical_and logical_not logical_or logical_xor logit logsumexp long lt lu masked_fill masked_scatter matmul matrix_exp
matrix_power max maximum mean median min minimum mm mode mul multinomial multiply mv mvlgamma nan_to_num nanmean
nanmedian nanquantile nansum ne neg negative nextafter nonzero norm normal not_equal orgqr outer pinverse polygamma
positive pow prelu prod put qr quantile rad2deg random reciprocal relu remainder renorm round rsqrt scatter
scatter_add scatter_reduce sgn short sigmoid sign signbit sin sinc sinh slogdet softmax sort sqrt square std sub
subtract sum svd tan tanh topk trace triangular_solve tril triu true_divide trunc uniform unique unique_consecutive
var vdot where xlogy zero
`.trim().split(/\s+/));

export const computes = (name) => COMPUTING.has(name.replace(/_$/, ""));
