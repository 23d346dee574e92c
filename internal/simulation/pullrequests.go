package simulation

import (
	"strings"
	"time"
)

// pullRequest opens, reviews and closes a pull request for a piece of work.
func (p *planner) pullRequest(w work) *pullRequest {
	r := p.s.repo
	pr := &pullRequest{
		repo: r, title: w.title, openedAt: w.opened, firstReviewAt: w.reviewed,
		reverts: w.reverts, fixes: w.fixes, hotfixBranch: w.hotfixBranch,
	}
	by := p.c.r.Perm(len(p.s.team.people))
	pr.by, pr.reviewer = p.s.team.people[by[0]], p.s.team.people[by[1]]
	pr.approvedAt = w.reviewed.Add(scale(w.merged.Sub(w.reviewed), 0.9))
	prefix := "feature/"
	if w.hotfixBranch {
		prefix = "hotfix/"
	}
	pr.branch = prefix + slug(w.title) + "-" + itoa(len(r.pullRequests)+1)
	switch {
	case w.hotfixLabel:
		pr.labels = append(pr.labels, "hotfix")
	case w.ordinary && p.c.happens(0.3):
		pr.labels = append(pr.labels, "enhancement")
	}
	if w.reverts != nil {
		pr.title = revertTitle(w.reverts)
	}
	if w.ordinary {
		pr.fork = p.s.style != rebase && p.c.happens(0.05)
		if p.c.happens(0.12) {
			pr.selfReviewAt = pr.openedAt.Add(scale(w.reviewed.Sub(pr.openedAt), 0.4))
		}
		if p.c.happens(0.07) { // merged without anybody's review
			pr.firstReviewAt, pr.approvedAt = time.Time{}, time.Time{}
		}
	}
	p.write(pr, w)
	r.pullRequests = append(r.pullRequests, pr)
	return pr
}

// write commits the work to its branch and pushes it: the first commit early,
// the rest before the pull request is opened, now and then one more after the
// first review.
func (p *planner) write(pr *pullRequest, w work) {
	first := p.commit(w.firstCommit, pr.by, pr.title)
	first.reverts, first.fixes = w.reverts, w.fixes
	pr.commits = []*commit{first}
	coding := w.opened.Sub(w.firstCommit)
	pr.pushes = []branchPush{{at: w.firstCommit.Add(min(scale(coding, 0.2), 3*time.Minute)), commits: pr.commits[:1]}}
	if !w.ordinary {
		return
	}
	more := p.c.count(0, 2)
	for i := range more {
		// A rebase rewrites one piece of work into several commits of one
		// time: which of them is the change's first is then no question.
		t := w.firstCommit
		if p.s.style != rebase {
			t = w.firstCommit.Add(scale(coding, 0.3*float64(i+1)))
		}
		pr.commits = append(pr.commits, p.commit(t, pr.by, "Address "+pick(p.c, p.s.noun)))
	}
	if more > 0 {
		ready := w.opened.Add(-min(scale(coding, 0.05), 2*time.Minute))
		pr.pushes = append(pr.pushes, branchPush{at: ready, commits: pr.commits[1:]})
	}
	if p.s.style != rebase && !pr.firstReviewAt.IsZero() && p.c.happens(0.35) {
		t := w.reviewed.Add(scale(w.merged.Sub(w.reviewed), 0.4))
		c := p.commit(t, pr.by, "Follow the review")
		pr.commits = append(pr.commits, c)
		pr.pushes = append(pr.pushes, branchPush{
			at: t.Add(min(scale(w.merged.Sub(w.reviewed), 0.1), time.Minute)), commits: pr.commits[len(pr.commits)-1:], synced: true,
		})
	}
}

// branchName is the head's name; GitHub names the branch of a revert after
// the pull request it takes back, whose number is known late.
func (pr *pullRequest) branchName() string {
	if pr.reverts != nil && pr.reverts.pr != nil {
		return "revert-" + itoa(pr.reverts.pr.number) + "-" + pr.reverts.pr.branchName()
	}
	return pr.branch
}

func slug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}
