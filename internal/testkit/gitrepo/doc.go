// Package gitrepo makes git repositories for tests and computes, with git's own
// commands alone, which figures fivekeys must read out of them.
//
//	repo := gitrepo.New(t)
//	repo.Commit("main", "Start")
//	repo.Branch("feature", "main")
//	repo.Commit("feature", "Add a thing")
//	repo.Merge("main", "Merge pull request #1 from ann/feature", "feature")
//	repo.Tag("v1.0.0", "main")
//	figures := gitrepo.PlumbingFigures(t, repo.Path(), "")
//
// The commits go through one git fast-import, so a repository of hundreds of
// commits takes milliseconds; its clock moves by an hour a commit, so every
// date is fixed.
package gitrepo
