// SPDX-License-Identifier: MIT
// Only gives the precompiled headers a program to belong to.
