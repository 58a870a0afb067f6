// SPDX-License-Identifier: MIT
// The tail of the normal distribution as a polynomial:
//     P(Z > u) = exp(-u^2 / 2) t p(1 - 8 t)   for u >= 0, with t = 1 / (u + 4)
// p is smooth, as u = 0 .. infinity becomes -1 .. 1; it was interpolated at Chebyshev's points, in
// 60 digits. Its relative error is below 2e-8 for float and 4e-17 for double.
#pragma once

#include <array>

#include "nn/core/real.hpp"

namespace nn::kernels {

/// From here on the tail is 0.
template <class T>
inline constexpr double end_of_normal_tail = 39;
template <>
inline constexpr double end_of_normal_tail<float> = 15;

/// The coefficients of p, of the constant first.
template <class T>
inline constexpr std::array normal_tail{
    7.5528513041575148e-1, -6.0789664197189176e-1, 3.8713740074221888e-1,  -1.8652185795969416e-1,
    6.0396574890699464e-2, -7.5401889655930590e-3, -3.4796923622425333e-3, 1.6308184418903596e-3,
    1.3334425401904912e-4, -2.3109481831937621e-4, -1.9078665316613574e-6, 3.5144181157760973e-5,
    7.1500559592160987e-7, -5.9188927317632364e-6, -6.2513210404786802e-7, 1.0198048518135173e-6,
    2.6368248576407625e-7, -1.5426320536771074e-7, -7.6380820534904503e-8, 1.4578593347036460e-8,
    1.3924023993501710e-8, 7.2695454790266895e-11, -9.6534254202285047e-10};
template <>
inline constexpr std::array normal_tail<float>{
    7.55285139e-1f,  -6.07896594e-1f, 3.87136683e-1f, -1.86523307e-1f, 6.04061855e-2f,
    -7.52540242e-3f, -3.52097282e-3f, 1.56688169e-3f, 1.88996519e-4f,  -1.25558386e-4f};

}  // namespace nn::kernels
